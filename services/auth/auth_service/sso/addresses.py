"""Which addresses a provider may have: none that only this machine or its network reaches."""

import ipaddress
import socket

from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

# Each carries an IPv4 address inside, which need not be a public one: NAT64 and 6to4.
_CARRIERS = tuple(ipaddress.ip_network(text) for text in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16"))


def is_public(text: str) -> bool:
    """Whether an address is one of the open Internet: not this host, a private network, or cloud metadata."""
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        elif any(address in carrier for carrier in _CARRIERS):
            return False
    return address.is_global and not address.is_multicast


def is_address(host: str) -> bool:
    """Whether a host is written as an address, which no resolver sees."""
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True


class PublicResolver(AbstractResolver):
    """Names lead to public addresses only. What is connected to is what was looked at, no later answer."""

    def __init__(self) -> None:
        self._names = ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Raises OSError where any address of the name is not public."""
        found = await self._names.resolve(host, port, family)
        if not all(is_public(result["host"]) for result in found):
            raise OSError("the name leads to an address that is not public")
        return found

    async def close(self) -> None:
        await self._names.close()
