"""`bloom-ai budgets`: what may be spent, what was, and when it begins anew."""

import argparse
from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation

from rich.table import Table

from ai_gateway.cli.connection import Connect
from ai_gateway.cli.figures import MICRO, aware, dollars, percent, span
from ai_gateway.cli.terminal import Terminal, columns
from bloom.ai.v1 import ai_pb2, ai_service_pb2

PERIODS = {"day": ai_pb2.Budget.PERIOD_DAY, "month": ai_pb2.Budget.PERIOD_MONTH}
_PREFIX = "budgets/"
_MOST_USD = Decimal(10**9)


def list_budgets(_options: argparse.Namespace, connect: Connect, terminal: Terminal) -> int:
    """The command without more."""
    with connect() as gateway:
        found = gateway.call(gateway.stub.ListBudgets, ai_service_pb2.ListBudgetsRequest()).budgets
    if found:
        terminal.table(_table(found))
    else:
        terminal.say(
            "No budgets: spending has no limit. `bloom-ai budgets set organization --limit 50` sets one."
        )
    return 0


def set_budget(options: argparse.Namespace, connect: Connect, terminal: Terminal) -> int:
    """`budgets set`: whether there was one or not."""
    given = ai_pb2.Budget(
        name=_PREFIX + options.scope, limit_micro_usd=options.limit, period=PERIODS[options.period]
    )
    with connect() as gateway:
        budget = gateway.call(gateway.stub.UpdateBudget, ai_service_pb2.UpdateBudgetRequest(budget=given))
    terminal.table(_table([budget]))
    return 0


def delete_budget(options: argparse.Namespace, connect: Connect, terminal: Terminal) -> int:
    """`budgets delete`."""
    request = ai_service_pb2.DeleteBudgetRequest(name=_PREFIX + options.scope)
    with connect() as gateway:
        gateway.call(gateway.stub.DeleteBudget, request)
    terminal.say(f"{options.scope} has no budget any more.")
    return 0


def micro_usd(text: str) -> int:
    """`50`, `0.25`: dollars as they are written, to the millionth."""
    try:
        amount = Decimal(text.removeprefix("$").replace(",", ""))
    except InvalidOperation:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no amount; write dollars, such as 50 or 0.25"
        ) from None
    if not amount.is_finite() or not 0 <= amount <= _MOST_USD:
        raise argparse.ArgumentTypeError("a limit is from 0 to 1,000,000,000 dollars")
    micro = amount * MICRO
    if micro != micro.to_integral_value():
        raise argparse.ArgumentTypeError("a limit has six decimals at most")
    return int(micro)


def _table(budgets: Iterable[ai_pb2.Budget]) -> Table:
    table = columns("budget", "period", ">limit", ">spent", ">", ">held", ">left", "resets (UTC)")
    for budget in budgets:
        used = budget.spent_micro_usd + budget.reserved_micro_usd
        reset = aware(budget.reset_time)
        table.add_row(
            budget.name.removeprefix(_PREFIX),
            next(name for name, number in PERIODS.items() if number == budget.period),
            dollars(budget.limit_micro_usd),
            dollars(budget.spent_micro_usd),
            percent(budget.spent_micro_usd, budget.limit_micro_usd),
            dollars(budget.reserved_micro_usd),
            dollars(budget.limit_micro_usd - used),
            f"{reset:%Y-%m-%d %H:%M}, in {span(reset - datetime.now(UTC))}",
            style=_style(used, budget.limit_micro_usd),
        )
    return table


def _style(used: int, limit: int) -> str | None:
    """The marks at which alerts are given."""
    if used >= limit:
        return "red"
    return "yellow" if used * 100 >= limit * 80 else None
