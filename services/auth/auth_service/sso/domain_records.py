"""TXT records: whether whoever says that a domain is his can write into its DNS."""

import hmac
from collections.abc import Sequence

import dns.asyncresolver
import dns.exception
import dns.nameserver

from auth_service.sso.model import Domain

# Seconds for all servers together.
_LIFETIME = 5.0


class DomainRecords:
    """Asks the resolvers of this machine, or `servers` (`address:port`) in their place."""

    def __init__(self, servers: Sequence[str] = ()) -> None:
        self._resolver = dns.asyncresolver.Resolver(configure=not servers)
        if servers:
            self._resolver.nameservers = [_server(text) for text in servers]
        self._resolver.lifetime = _LIFETIME
        # A record that was missing a moment ago may be there now.
        self._resolver.cache = None

    async def shows(self, domain: Domain) -> bool:
        """Whether one of the TXT records says just what it must. A resolver that does not answer says no."""
        try:
            answer = await self._resolver.resolve(f"{domain.txt_name}.", "TXT", search=False)
        except dns.exception.DNSException:
            return False
        wanted = domain.txt_value.encode()
        return any(hmac.compare_digest(b"".join(record.strings), wanted) for record in answer)


def _server(text: str) -> dns.nameserver.Nameserver:
    address, _, port = text.rpartition(":")
    return dns.nameserver.Do53Nameserver(address, int(port))
