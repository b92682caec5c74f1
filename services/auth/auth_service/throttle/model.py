"""What tries are counted by, and how many there may be."""

import hashlib
import ipaddress
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

_IPV6_HOME = 64


@dataclass(frozen=True, slots=True)
class Limits:
    """Tries within a window. `lengths` are those of an account's locks in a row; the last one stays."""

    of_account: int = 10
    of_address: int = 100
    of_all: int = 3000
    # Codes of second factors.
    of_codes: int = 10
    account_window: timedelta = timedelta(minutes=15)
    address_window: timedelta = timedelta(minutes=15)
    all_window: timedelta = timedelta(minutes=1)
    lengths: tuple[timedelta, ...] = (
        timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15), timedelta(hours=1),
    )  # fmt: skip
    # Mails that strangers can cause: to one e-mail, and from one address.
    of_mails: int = 5
    of_mail_address: int = 50
    mail_window: timedelta = timedelta(hours=1)
    # Invitations of one organization in a day.
    of_invitations: int = 200
    invitation_window: timedelta = timedelta(days=1)
    # For so long an address is the account's own after a sign-in.
    familiar: timedelta = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Try:
    """One try that was let through. `keys`: of the account, of the address, of all."""

    keys: tuple[bytes, bytes, bytes]
    # Notes that the account was signed in to from this address.
    familiar: bytes


def all_together() -> bytes:
    """The key that every try has."""
    return _digest("all")


def of_account(email: str) -> bytes:
    """Of strangers to the account, wherever they are."""
    return _digest("account", email)


def of_codes(email: str) -> bytes:
    """Of second factors. Who tries them knows the password, so they are counted wherever he is."""
    return _digest("codes", email)


def of_mails(email: str) -> bytes:
    """Of mails that whoever asks for them causes."""
    return _digest("mails", email)


def of_mail_address(address: str) -> bytes:
    """Of mails to whomever, caused from there."""
    return _digest("mail address", network(address))


def of_invitations(org_id: UUID) -> bytes:
    """Of invitations into an organization."""
    return _digest("invitations", str(org_id))


def of_familiar(email: str, address: str) -> bytes:
    """Of who signed in to the account from there before: strangers cannot lock these out."""
    return _digest("familiar", email, network(address))


def note_of(email: str, address: str) -> bytes:
    """Whether that was so."""
    return _digest("note", email, network(address))


def of_address(address: str) -> bytes:
    """Of all accounts that are tried from there."""
    return _digest("address", network(address))


def network(address: str) -> str:
    """An IPv4 address, or the /64 that one home or host has of IPv6; anything else is one place."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return ""
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, _IPV6_HOME), strict=False))
    return str(parsed)


def _digest(*parts: str) -> bytes:
    return hashlib.sha256("\0".join(parts).encode(errors="surrogatepass")).digest()
