"""`bloom-ai models`: what may be asked, what it costs today, and when it ends."""

import argparse

from ai_gateway.cli.connection import Connect
from ai_gateway.cli.figures import count
from ai_gateway.cli.terminal import Terminal, columns
from bloom.ai.v1 import ai_service_pb2


def models(_options: argparse.Namespace, connect: Connect, terminal: Terminal) -> int:
    """The command. Prices are of a short prompt; a long one of some models costs more."""
    with connect() as gateway:
        found = gateway.call(gateway.stub.ListModels, ai_service_pb2.ListModelsRequest()).models
    table = columns(
        "model",
        "alias",
        ">input",
        ">output",
        ">cache read",
        ">write 5m",
        ">write 1h",
        ">most output",
        "retires",
    )
    for model in found:
        price = model.price
        table.add_row(
            model.name, ", ".join(model.aliases), price.input, price.output, price.cache_read,
            price.cache_write_5m, price.cache_write_1h, count(model.max_output_tokens), model.retirement_day,
            style="bold" if model.aliases else None,
        )  # fmt: skip
    terminal.table(table)
    terminal.note("USD for a million tokens of a short prompt.")
    return 0
