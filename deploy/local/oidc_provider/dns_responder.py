"""Answers TXT queries over UDP, from what it was told."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import cast

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset

_TTL = 1


@dataclass(frozen=True, slots=True)
class Records:
    """TXT records by name."""

    texts: dict[dns.name.Name, list[str]] = field(default_factory=dict)

    def put(self, name: str, *values: str) -> None:
        """These and no others; without any the name has none."""
        self.texts[dns.name.from_text(name)] = list(values)

    def answer(self, query: bytes) -> bytes | None:
        """None for what is no query."""
        try:
            asked = dns.message.from_wire(query)
        except dns.exception.DNSException:
            return None
        response = dns.message.make_response(asked)
        response.flags |= dns.flags.AA | dns.flags.RA
        question = asked.question[0]
        texts = self.texts.get(question.name, [])
        if not texts:
            response.set_rcode(dns.rcode.NXDOMAIN)
        elif question.rdtype == dns.rdatatype.TXT:
            quoted = [f'"{text}"' for text in texts]
            response.answer.append(dns.rrset.from_text_list(question.name, _TTL, "IN", "TXT", quoted))
        return response.to_wire()


class _Responder(asyncio.DatagramProtocol):
    def __init__(self, records: Records) -> None:
        self._records = records

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Of a datagram endpoint; uvloop's and asyncio's own have no class in common that says so.
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        answer = self._records.answer(data)
        if answer is not None:
            self._transport.sendto(answer, addr)


@asynccontextmanager
async def responding(records: Records, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[str]:
    """Answers while the context lasts; yields `host:port`. Port 0 chooses a free one."""
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(lambda: _Responder(records), local_addr=(host, port))
    try:
        yield f"{host}:{transport.get_extra_info('sockname')[1]}"
    finally:
        transport.close()
