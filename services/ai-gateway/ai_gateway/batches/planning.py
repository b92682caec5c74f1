"""The first step of a batch: what is kept is answered at once, the rest goes in parts."""

from collections import defaultdict
from datetime import UTC, datetime

from ai_gateway.batches import parts
from ai_gateway.batches.batch import Asked, Outcome, Result, Work
from ai_gateway.batches.keeping import kept
from ai_gateway.batches.tools import Tools
from ai_gateway.claude.reply import Reply
from ai_gateway.money.tokens import Spent, Tokens
from ai_gateway.money.usage import UsageEvent


async def plan(tools: Tools, work: Work) -> None:
    """One part for each task and model: a record of what leaves has one of each."""
    items = await parts.asked(tools.postgres, work.lease)
    found = await kept(tools, work.lease.org_id, items)
    groups: dict[tuple[str, str], list[Asked]] = defaultdict(list)
    known: list[tuple[Result, UsageEvent]] = []
    for item in items:
        if reply := found.get(item.ordinal):
            known.append(_free(tools, work, item, reply))
        else:
            groups[item.task, item.model].append(item)
    await parts.plan(tools.postgres, work.lease, list(groups.values()), known)


def _free(tools: Tools, work: Work, item: Asked, reply: Reply) -> tuple[Result, UsageEvent]:
    now = datetime.now(UTC)
    spent = Spent(Tokens(), 0, tools.prices.spent(reply.tokens, item.model, now.date()).list_cost)
    result = Result(
        item.ordinal, item.id, Outcome.SUCCEEDED, "", reply.text, reply.content, reply.stop_reason,
        reply.model, reply.request_id, from_cache=True, simulated=reply.simulated, spent=spent,
    )  # fmt: skip
    event = UsageEvent(
        now, work.lease.org_id, item.id, item.task, item.model, work.caller.workload, work.caller.subject,
        cached=True, simulated=reply.simulated, spent=spent,
    )  # fmt: skip
    return result, event
