"""Usage and budgets: proto in, proto out."""

from datetime import UTC, datetime, time, timedelta

from google.protobuf import empty_pb2, timestamp_pb2

from ai_gateway.money.budgets import Budget, Budgets
from ai_gateway.money.service import UsageReport
from ai_gateway.money.tokens import Tokens
from ai_gateway.money.usage import UsageSum
from bloom.ai.v1 import ai_pb2, ai_service_pb2
from service_runtime.errors import invalid
from service_runtime.identity import current_identity
from service_runtime.timestamps import timestamp

_PERIODS = {ai_pb2.Budget.PERIOD_DAY: "day", ai_pb2.Budget.PERIOD_MONTH: "month"}
_LONGEST_REPORT = timedelta(days=366)


async def get_usage(
    report: UsageReport, request: ai_service_pb2.GetUsageRequest
) -> ai_service_pb2.GetUsageResponse:
    """The caller's organization, over [start_time, end_time)."""
    start, end = _span(request, datetime.combine(datetime.now(UTC).date(), time(), UTC))
    sums = await report.sums(current_identity.get().tenant, start, end)
    return ai_service_pb2.GetUsageResponse(
        rows=[_row(item) for item in sums],
        cost_micro_usd=sum(item.spent.cost for item in sums),
        list_cost_micro_usd=sum(item.spent.list_cost for item in sums),
    )


async def list_usage(
    report: UsageReport, request: ai_service_pb2.ListUsageRequest
) -> ai_service_pb2.ListUsageResponse:
    """The same by day, workload and subject."""
    this_month = datetime.combine(datetime.now(UTC).date().replace(day=1), time(), UTC)
    start, end = _span(request, this_month)
    if end - start > _LONGEST_REPORT:
        raise invalid("end_time", "must be within 366 days after start_time")
    found = await report.by_day(current_identity.get().tenant, start, end)
    return ai_service_pb2.ListUsageResponse(
        rows=[
            ai_service_pb2.DailyUsage(
                day=day.isoformat(), workload=workload, subject=subject, usage=_row(item)
            )
            for day, workload, subject, item in found
        ]
    )


async def list_budgets(budgets: Budgets) -> ai_service_pb2.ListBudgetsResponse:
    """All of the organization."""
    found = await budgets.all(current_identity.get().tenant)
    return ai_service_pb2.ListBudgetsResponse(budgets=[_budget(item) for item in found])


async def get_budget(budgets: Budgets, request: ai_service_pb2.GetBudgetRequest) -> ai_pb2.Budget:
    """One, or NOT_FOUND."""
    return _budget(await budgets.get(current_identity.get().tenant, request.name))


async def update_budget(budgets: Budgets, request: ai_service_pb2.UpdateBudgetRequest) -> ai_pb2.Budget:
    """As it is from now on."""
    given = request.budget
    period = _PERIODS[given.period]
    tenant = current_identity.get().tenant
    return _budget(await budgets.put(tenant, given.name, period, given.limit_micro_usd, given.etag))


async def delete_budget(budgets: Budgets, request: ai_service_pb2.DeleteBudgetRequest) -> empty_pb2.Empty:
    """NOT_FOUND when there is none."""
    await budgets.delete(current_identity.get().tenant, request.name)
    return empty_pb2.Empty()


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


def _budget(budget: Budget) -> ai_pb2.Budget:
    return ai_pb2.Budget(
        name=budget.name,
        limit_micro_usd=budget.limit,
        period=next(number for number, name in _PERIODS.items() if name == budget.period),
        spent_micro_usd=budget.spent,
        reserved_micro_usd=budget.reserved,
        start_time=timestamp(budget.starts),
        reset_time=timestamp(budget.ends),
        etag=budget.etag,
    )


def _span(
    request: ai_service_pb2.GetUsageRequest | ai_service_pb2.ListUsageRequest, usual_start: datetime
) -> tuple[datetime, datetime]:
    start = _time(request.start_time) if request.HasField("start_time") else usual_start
    end = _time(request.end_time) if request.HasField("end_time") else datetime.now(UTC)
    if start >= end:
        raise invalid("end_time", "must be after start_time")
    return start, end


def _time(stamp: timestamp_pb2.Timestamp) -> datetime:
    return stamp.ToDatetime(tzinfo=UTC)
