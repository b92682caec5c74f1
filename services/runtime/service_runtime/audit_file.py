"""Files of exported audit chains: whole, of one organization, and signed at their end."""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from service_runtime.chain_file import BrokenChainError, Entry, Fault, Head, Reading
from service_runtime.signed_head import BrokenSealError, Statement, key_id, read


@dataclass(slots=True)
class Tally:
    """What the events of a chain tell, each once its place is proven."""

    head: Head = field(default_factory=Head)
    org_id: str = ""
    first: str = ""
    last: str = ""
    actions: Counter[str] = field(default_factory=Counter)

    def add(self, entry: Entry) -> None:
        """Raises BrokenChainError for an event of another place or organization than its line."""
        event = _event(entry)
        self.org_id = self.org_id or event["org"]
        if (event["seq"], event["org"]) != (entry.seq, self.org_id):
            told = f"Record {entry.seq} belongs elsewhere: to record {event['seq']} of {event['org']}."
            raise BrokenChainError(Fault.CHANGED, entry.seq, told)
        self.head = Head(entry.seq, entry.hash)
        self.first, self.last = self.first or event["at"], event["at"]
        self.actions[event["action"]] += 1


@dataclass(frozen=True, slots=True)
class Signed:
    """Who signed the head of a file, and when. Whether the key was the service's is another question.

    `chain` is the service whose chain it is; empty for auth's.
    """

    head: Head
    org_id: str
    kid: str
    at: datetime
    chain: str = ""


def verify_file(lines: Iterable[bytes], *known: Head) -> tuple[Tally, Signed]:
    """Checks an export; `known` are heads of this chain that were kept elsewhere. Raises BrokenChainError."""
    reading, tally = Reading(lines, sealed=True), Tally()
    for entry in reading.verified(*known):
        tally.add(entry)
    signed = signer(reading.head or Head())
    if tally.org_id not in ("", signed.org_id):
        raise _unsigned(signed.head.seq, f"its signature is for organization {signed.org_id}")
    return tally, signed


def signer(head: Head) -> Signed:
    """Raises BrokenChainError unless the head's own seal says what the head says."""
    if head.seal is None:
        raise _unsigned(head.seq, "it has no signature")
    try:
        statement, kid = read(head.seal)
    except BrokenSealError as broken:
        raise _unsigned(head.seq, str(broken)) from None
    if (statement.seq, statement.hash) != (head.seq, head.hash):
        raise _unsigned(head.seq, f"its signature is for another head, of record {statement.seq}")
    return _signed(head, statement, kid)


def key_ids(published: bytes) -> frozenset[str]:
    """Ids of the keys of a JSON Web Key Set. Raises ValueError where it is none."""
    try:
        return frozenset(key_id(key) for key in json.loads(published)["keys"])
    except (TypeError, KeyError, AttributeError, RecursionError):
        raise ValueError("not a JSON Web Key Set") from None


def _signed(head: Head, statement: Statement, kid: str) -> Signed:
    return Signed(head, str(statement.org_id), kid, statement.at, statement.chain)


def _event(entry: Entry) -> dict[str, Any]:
    try:
        found = json.loads(entry.text)
        told = {name: found[name] for name in ("seq", "org", "at", "action")}
    except (ValueError, TypeError, KeyError, RecursionError):
        told = {}
    texts = [told.get(name) for name in ("org", "at", "action")]
    if type(told.get("seq")) is not int or not all(isinstance(text, str) for text in texts):
        raise BrokenChainError(Fault.CHANGED, entry.seq, f"Record {entry.seq} is no event of an audit chain.")
    return told


def _unsigned(seq: int, why: str) -> BrokenChainError:
    return BrokenChainError(Fault.UNSIGNED, seq, f"The head, record {seq}, is not signed: {why}.")
