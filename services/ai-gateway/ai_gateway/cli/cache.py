"""`bloom-ai cache`: what is kept, what that saved, and how to forget it."""

import argparse

from ai_gateway.cli import usage
from ai_gateway.cli.connection import Connect
from ai_gateway.cli.figures import count, dollars, percent, size, span
from ai_gateway.cli.terminal import Terminal, columns
from bloom.ai.v1 import ai_service_pb2


def stats(options: argparse.Namespace, connect: Connect, terminal: Terminal) -> int:
    """`cache stats`."""
    with connect() as gateway:
        kept = gateway.call(gateway.stub.GetCacheStats, ai_service_pb2.GetCacheStatsRequest())
        used = usage.total(usage.read(gateway, options.since, None))
    table = columns("", ">", ">")
    if kept.enabled:
        table.add_row("answers kept", count(kept.answers))
        table.add_row("their size", size(kept.bytes))
        table.add_row("each kept for", span(kept.ttl.ToTimedelta()))
    else:
        table.add_row("answers kept", "none: USE_REDIS=false")
    prompt = used.input + used.cache_read
    table.add_row()
    table.add_row(f"since {options.since:%Y-%m-%d %H:%M} UTC: calls", count(used.calls))
    table.add_row("answered without asking Claude", count(used.cached), percent(used.cached, used.calls))
    table.add_row(
        "input read from Claude's prompt cache",
        count(used.cache_read),
        percent(used.cache_read, prompt),
    )
    table.add_row("paid", dollars(used.cost))
    table.add_row("at list price", dollars(used.list_cost))
    table.add_row("saved", dollars(used.saved), percent(used.saved, used.list_cost))
    terminal.table(table)
    return 0


def purge(_options: argparse.Namespace, connect: Connect, terminal: Terminal) -> int:
    """`cache purge`."""
    with connect() as gateway:
        purged = gateway.call(gateway.stub.PurgeCache, ai_service_pb2.PurgeCacheRequest()).purged
    terminal.say(f"{count(purged)} {'answer' if purged == 1 else 'answers'} forgotten.")
    return 0
