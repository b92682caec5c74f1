"""Where replicas leave word of what Claude told them of a model's limits, and of what they have under way."""

import json
from collections.abc import Callable
from typing import Protocol
from uuid import uuid4

from ai_gateway.limits.headers import Kind
from ai_gateway.limits.model_pace import NO_LOAD, Knowledge, Load
from ai_gateway.limits.supply import Supply
from ai_gateway.valkey import Valkey, script

# A new form of the entry finds no old one.
_FORM = 1
_MICROSECONDS = 1_000_000
_NEVER = -1

# The newest word stays. Ages, not times, cross the wire: replicas need not agree on a clock. What is said to
# be under way is forgotten after a second: who has calls under way says so again sooner.
_SCRIPT = script("""
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local kept = redis.call('HGETALL', KEYS[1])
local at, word, under_way = 0, '', {0, 0, 0}
for index = 1, #kept, 2 do
  local name, value = kept[index], kept[index + 1]
  if name == 'at' then at = tonumber(value)
  elseif name == 'word' then word = value
  elseif name ~= 'by:' .. ARGV[1] then
    local said, requests, input, output = value:match('^(%d+) (%d+) (%d+) (%d+)$')
    if said and now - said < 1000000 then
      under_way = {under_way[1] + requests, under_way[2] + input, under_way[3] + output}
    else
      redis.call('HDEL', KEYS[1], name)
    end
  end
end
if tonumber(ARGV[3]) >= 0 and now - ARGV[3] > at then
  at, word = now - ARGV[3], ARGV[4]
  redis.call('HSET', KEYS[1], 'at', string.format('%.0f', at), 'word', word)
end
redis.call('HSET', KEYS[1], 'by:' .. ARGV[1], string.format('%.0f ', now) .. ARGV[2])
redis.call('PEXPIRE', KEYS[1], 120000)
return {math.max(0, now - at), word, under_way[1], under_way[2], under_way[3]}
""")


class Board(Protocol):
    """Never raises."""

    @property
    def quiet(self) -> bool:
        """Nobody else reads it, so that it need not be asked."""

    async def exchange(self, model: str, known: Knowledge, clock: Callable[[], float]) -> None:
        """Leaves word of `known`, and puts into it what is newer."""


class NoBoard:
    """For a replica that is alone (`USE_REDIS=false`)."""

    quiet = True

    async def exchange(self, model: str, known: Knowledge, clock: Callable[[], float]) -> None:
        pass


class SharedBoard:
    """In Valkey."""

    quiet = False

    def __init__(self, valkey: Valkey, account: str = "") -> None:
        """`account`: whose limits at Claude they are, for two gateways that share nothing but Valkey."""
        self._valkey = valkey
        self._account = account
        self._replica = uuid4().hex

    async def exchange(self, model: str, known: Knowledge, clock: Callable[[], float]) -> None:
        spoken = known.heard_at > float("-inf")
        answer = await self._valkey.run(
            _SCRIPT,
            (f"ai:pace:{_FORM}:{self._account}:{model}",),
            self._replica,
            _counts(known.under_way),
            int((clock() - known.heard_at) * _MICROSECONDS) if spoken else _NEVER,
            _to_word(known) if spoken else "",
        )
        if not isinstance(answer, list):
            known.elsewhere = NO_LOAD
            return
        age, word, *under_way = answer
        known.elsewhere = Load(*map(float, under_way))
        heard_at = clock() - age / _MICROSECONDS
        # What is our own word comes back with the rounding of its age.
        if word and heard_at > known.heard_at + 0.001:
            _read_word(known, word, heard_at)


def _counts(load: Load) -> str:
    return " ".join(str(max(0, round(part))) for part in (load.requests, load.input, load.output))


def _to_word(known: Knowledge) -> str:
    """Times from when it was heard on."""
    told = {
        kind.value: [
            one.limit,
            round(one.remaining),
            one.at - known.heard_at,
            one.resets_at - known.heard_at,
            one.flows,
        ]
        for kind, one in known.supplies.items()
    }
    return json.dumps([told, max(0.0, known.closed_until - known.heard_at)], separators=(",", ":"))


def _read_word(known: Knowledge, word: bytes, heard_at: float) -> None:
    """What cannot be read was never said."""
    try:
        told, closed_for = json.loads(word)
        supplies = {
            Kind(kind): Supply(int(limit), float(left), heard_at + at, heard_at + resets_at, bool(flows))
            for kind, (limit, left, at, resets_at, flows) in told.items()
        }
        closed_until = heard_at + float(closed_for)
    except (ValueError, TypeError, AttributeError):
        return
    for kind, supply in supplies.items():
        ours = known.supplies.get(kind)
        supply.flows |= ours is not None and ours.flows and ours.limit == supply.limit
        known.supplies[kind] = supply
    known.heard_at = heard_at
    known.closed_until = max(known.closed_until, closed_until)
