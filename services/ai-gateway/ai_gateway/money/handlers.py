"""GetUsage: proto in, proto out."""

from datetime import UTC, datetime, time

from google.protobuf import timestamp_pb2

from ai_gateway.money.service import UsageReport
from ai_gateway.money.tokens import Tokens
from ai_gateway.money.usage import UsageSum
from bloom.ai.v1 import ai_pb2, ai_service_pb2
from service_runtime.errors import invalid
from service_runtime.identity import current_identity


async def get_usage(
    report: UsageReport, request: ai_service_pb2.GetUsageRequest
) -> ai_service_pb2.GetUsageResponse:
    """The caller's organization, over [start_time, end_time)."""
    now = datetime.now(UTC)
    today = datetime.combine(now.date(), time(), UTC)
    start = _time(request.start_time) if request.HasField("start_time") else today
    end = _time(request.end_time) if request.HasField("end_time") else now
    if start >= end:
        raise invalid("end_time", "must be after start_time")
    sums = await report.sums(current_identity.get().tenant, start, end)
    return ai_service_pb2.GetUsageResponse(
        rows=[_row(item) for item in sums],
        cost_micro_usd=sum(item.spent.cost for item in sums),
        list_cost_micro_usd=sum(item.spent.list_cost for item in sums),
    )


def usage_message(tokens: Tokens) -> ai_pb2.Usage:
    """Tokens on the wire."""
    return ai_pb2.Usage(
        input_tokens=tokens.input,
        output_tokens=tokens.output,
        cache_read_tokens=tokens.cache_read,
        cache_write_5m_tokens=tokens.cache_write_5m,
        cache_write_1h_tokens=tokens.cache_write_1h,
    )


def _row(item: UsageSum) -> ai_service_pb2.UsageRow:
    return ai_service_pb2.UsageRow(
        task=item.task,
        model=item.model,
        calls=item.calls,
        cached_calls=item.cached_calls,
        usage=usage_message(item.spent.tokens),
        cost_micro_usd=item.spent.cost,
        list_cost_micro_usd=item.spent.list_cost,
    )


def _time(stamp: timestamp_pb2.Timestamp) -> datetime:
    return stamp.ToDatetime(tzinfo=UTC)
