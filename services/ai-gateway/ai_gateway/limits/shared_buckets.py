"""The same buckets in Valkey, shared by all replicas: one visit is one script, and one round trip."""

import math
from uuid import UUID

from ai_gateway.limits.buckets import ROUNDING, Allowance, Ask, Grant, LocalBuckets
from ai_gateway.limits.refused import Limit, RefusedError
from ai_gateway.valkey import Valkey, script

# A new form of the bucket finds no old one.
_FORM = 1
_MICROSECONDS = 1_000_000

# Times by Valkey's own clock, so that replicas need not agree on theirs. A bucket goes when it is full again:
# none is a full one. Waits come back in microseconds, below zero where it is the tokens that are missing.
SCRIPT = script(
    """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local per_request, most_requests = 60e6 / ARGV[1], tonumber(ARGV[2])
local per_token, most_tokens = 60e6 / ARGV[3], tonumber(ARGV[4])
local kept = redis.call('HMGET', KEYS[1], 'at', 'requests', 'tokens')
local gone = math.max(0, now - (tonumber(kept[1]) or now))
local requests = math.max(0, (tonumber(kept[2]) or 0) - gone / per_request)
requests = math.max(0, requests - ARGV[5])
local tokens = math.max(0, (tonumber(kept[3]) or 0) - gone / per_token)
tokens = math.max(0, tokens - ARGV[6])
local answer = {now, 0, 0}
for index = 9, #ARGV do
  local late_requests = (requests + 1 - most_requests) * per_request
  local late_tokens = (tokens + ARGV[index] - most_tokens) * per_token
  local late = math.max(late_requests, late_tokens)
  if late > ROUNDING then
    late = math.ceil(late)
    answer[index - 5] = late_requests >= late_tokens and late or -late
  else
    answer[index - 5] = 0
    requests = requests + 1
    tokens = tokens + ARGV[index]
  end
end
answer[2] = math.max(0, math.min(tonumber(ARGV[7]), math.floor(most_requests / 2 - requests)))
answer[3] = math.max(0, math.min(tonumber(ARGV[8]), math.floor(most_tokens / 2 - tokens)))
requests = requests + answer[2]
tokens = tokens + answer[3]
redis.call('HSET', KEYS[1], 'at', string.format('%.0f', now),
  'requests', string.format('%.17g', requests), 'tokens', string.format('%.17g', tokens))
local full_in = math.max(requests * per_request, tokens * per_token) / 1000
redis.call('PEXPIRE', KEYS[1], string.format('%.0f', math.ceil(full_in) + 1000))
return answer
""".replace("ROUNDING", str(ROUNDING * _MICROSECONDS))
)


class SharedBuckets:
    """While Valkey is away each replica keeps a bucket of its own, of the full limit.

    Not of a share of it: connections are long-lived, so an organization's calls may all come to one replica,
    and it would be refused what it is owed. Budgets and Claude's own limits still hold meanwhile.
    """

    def __init__(self, valkey: Valkey) -> None:
        self._valkey = valkey
        # Goes along all the time: else each failure of Valkey would give everybody a full bucket anew.
        self._local = LocalBuckets()

    async def visit(self, org_id: UUID, allowance: Allowance, ask: Ask) -> Grant:
        answer = await self._valkey.run(
            SCRIPT,
            (f"ai:limit:{_FORM}:{org_id}",),
            allowance.requests,
            allowance.most_requests,
            allowance.tokens,
            allowance.most_tokens,
            ask.back_requests,
            ask.back_tokens,
            ask.ahead_requests,
            ask.ahead_tokens,
            *ask.calls,
        )
        if not isinstance(answer, list):
            return self._local.visited(org_id, allowance, ask)
        grant = Grant(tuple(map(_refusal, answer[3:])), answer[1], answer[2])
        self._local.visited(org_id, allowance, _taken(ask, grant))
        return grant


def _refusal(wait: int) -> RefusedError | None:
    if not wait:
        return None
    limit = Limit.ORG_REQUESTS if wait > 0 else Limit.ORG_TOKENS
    return RefusedError(limit, math.fabs(wait) / _MICROSECONDS)


def _taken(ask: Ask, grant: Grant) -> Ask:
    """What the visit took in all, as a charge."""
    calls = [tokens for tokens, refusal in zip(ask.calls, grant.refusals, strict=True) if refusal is None]
    requests = len(calls) + grant.ahead_requests - ask.back_requests
    tokens = sum(calls) + grant.ahead_tokens - ask.back_tokens
    return Ask(back_requests=-requests, back_tokens=-tokens)
