"""`bloom-ai` run in a test: in a thread, since the gateway it calls has this one."""

import asyncio
from dataclasses import dataclass, replace
from io import StringIO

from pydantic import SecretStr
from rich.console import Console

from ai_gateway.cli.connection import Way
from ai_gateway.cli.main import main
from ai_gateway.cli.terminal import Terminal
from ai_gateway_testing.gateway import Client, Gateway

MAY_ALL = ("ai.generate", "ai.usage.read", "ai.budgets.write", "ai.egress.read", "ai.cache.purge")


@dataclass(frozen=True, slots=True)
class Ran:
    """How a command ended and what it wrote."""

    status: int
    out: str
    err: str

    def row(self, *begins: str) -> list[str]:
        """The cells of the one line of a table that begins with these."""
        split = [line.split() for line in self.out.splitlines()]
        (row,) = [cells for cells in split if tuple(cells[: len(begins)]) == begins]
        return row


def way_to(gateway: Gateway, client: Client | None = None, permissions: tuple[str, ...] = MAY_ALL) -> Way:
    """For a user of the client's organization."""
    client = replace(client or gateway.client, permissions=permissions)
    tokens = dict(client.metadata)
    return Way(
        target=gateway.address,
        token=SecretStr(tokens["authorization"].removeprefix("Bearer ")),
        workload_token=SecretStr(tokens.get("x-bloom-workload", "")),
    )


async def bloom_ai(way: Way, *arguments: str) -> Ran:
    """Raises SystemExit where it is misused."""
    out, err = StringIO(), StringIO()
    terminal = Terminal(*(Console(file=file, width=200, markup=False, emoji=False) for file in (out, err)))
    status = await asyncio.to_thread(main, arguments, terminal, way)
    return Ran(status, out.getvalue(), err.getvalue())
