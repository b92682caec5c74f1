"""`bloom-ai egress`: what left for Claude, and the proof that the record of it is whole."""

import argparse
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ai_gateway.cli.connection import Connect, Gateway
from ai_gateway.cli.figures import NONE, count, dollars, moment, size
from ai_gateway.cli.problems import CommandError
from ai_gateway.cli.terminal import Terminal, columns, harmless
from ai_gateway.egress.verification import (
    BrokenChainError,
    Entry,
    Head,
    export_line,
    head_line,
    verify,
    verify_file,
)
from bloom.ai.v1 import ai_pb2, ai_service_pb2

_PAGE = 200
_EXPORT_SECONDS = 600.0
_HEAD = re.compile(r"(?P<seq>[1-9]\d{0,17}):(?P<hash>[0-9a-f]{64})")


@dataclass(slots=True)
class Tally:
    """What a proven chain tells."""

    head: Head = field(default_factory=Head)
    calls: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    cost: int = 0

    def add(self, entry: Entry) -> None:
        """An entry is the beginning of a call or, with an outcome, its end."""
        self.head = Head(entry.seq, entry.hash)
        told = json.loads(entry.text)
        if "outcome" in told:
            self.outcomes[str(told["outcome"])] += 1
            self.cost += int(told["cost"])
        else:
            self.calls += 1

    def __str__(self) -> str:
        running = self.calls - self.outcomes.total()
        ends = [f"{count(number)} {harmless(outcome)}" for outcome, number in self.outcomes.most_common()]
        ends += [f"{count(running)} without an end yet"] if running > 0 else []
        told = f" ({', '.join(ends)})" if ends else ""
        return f"{count(self.head.seq)} records of {count(self.calls)} calls{told}, {dollars(self.cost)}"


def list_records(options: argparse.Namespace, connect: Connect, terminal: Terminal) -> int:
    """`egress list`, newest first."""
    with connect() as gateway:
        found = list(_records(gateway, options.limit))
    if not found:
        terminal.say("Nothing has left for Claude.")
        return 0
    table = columns(
        ">record", "left (UTC)", "task", "model", "for", ">sent", "withheld", "outcome", ">cost", "hash"
    )
    for record in found:
        withheld = ", ".join(f"{number} {kind}" for kind, number in sorted(record.redactions.items()))
        table.add_row(
            str(record.seq), moment(record.leave_time), record.task, record.model,
            record.subject.removeprefix("users/")[:8] or record.workload, size(record.request_bytes),
            withheld or NONE, record.outcome or "running", dollars(record.cost_micro_usd), record.hash[:12],
        )  # fmt: skip
    terminal.table(table)
    return 0


def export(options: argparse.Namespace, connect: Connect, terminal: Terminal) -> int:
    """`egress export FILE`: verified while it is written; what is not whole is not written."""
    tally, draft = Tally(), options.file.with_name(f"{options.file.name}.part")
    try:
        with connect() as gateway, draft.open("w", encoding="utf-8", newline="\n") as file:
            for entry in verify(_chain(gateway)):
                file.write(export_line(entry))
                tally.add(entry)
            file.write(head_line(tally.head))
        draft.replace(options.file)
    except OSError as failed:
        raise CommandError(f"{options.file} cannot be written: {failed.strerror}.") from None
    except BrokenChainError as broken:
        return _tell_broken("The service's chain", broken, terminal)
    finally:
        draft.unlink(missing_ok=True)
    terminal.say(f"{options.file}: {tally}.")
    _tell_head(tally.head, terminal)
    return 0


def verify_chain(options: argparse.Namespace, connect: Connect, terminal: Terminal) -> int:
    """`egress verify`: exit status 1 when the chain is broken."""
    if options.file is None and not options.live:
        options.misused("give the FILE of an export, or --live")
    known, what = options.head, "The service's chain"
    try:
        if options.file is not None:
            what = str(options.file)
            tally = _of_file(options.file, known)
            if not options.live:
                return _tell_whole(what, tally, terminal)
            # What is in the file must also be where it is kept, at the same place.
            known, what = tally.head if tally.head.seq else None, f"The service's chain beside {options.file}"
        with connect() as gateway:
            tally = _tallied(verify(_chain(gateway), known))
    except BrokenChainError as broken:
        return _tell_broken(what, broken, terminal)
    return _tell_whole(what, tally, terminal)


def head(text: str) -> Head:
    """`42:9f86d0…`, as `egress export` tells it."""
    read = _HEAD.fullmatch(text)
    if read is None:
        raise argparse.ArgumentTypeError("a head is RECORD:HASH, as `egress export` tells it")
    return Head(int(read["seq"]), read["hash"])


def find_record(gateway: Gateway, request_id: str) -> ai_pb2.EgressRecord | None:
    """The newest of this request among the last ones."""
    return next((record for record in _records(gateway, _PAGE) if record.request_id == request_id), None)


def _of_file(file: Path, known: Head | None) -> Tally:
    try:
        with file.open("rb") as lines:
            return _tallied(verify_file(lines, known))
    except OSError as failed:
        raise CommandError(f"{file} cannot be read: {failed.strerror}.") from None


def _tallied(entries: Iterable[Entry]) -> Tally:
    tally = Tally()
    for entry in entries:
        tally.add(entry)
    return tally


def _tell_whole(what: str, tally: Tally, terminal: Terminal) -> int:
    terminal.say(f"{what} is whole: {tally}.", "green")
    _tell_head(tally.head, terminal)
    return 0


def _tell_broken(what: str, broken: BrokenChainError, terminal: Terminal) -> int:
    terminal.err.print(f"{what} is broken. {broken}", style="bold red", soft_wrap=True)
    return 1


def _tell_head(reached: Head, terminal: Terminal) -> None:
    if reached.seq:
        terminal.say(f"head {reached.seq}:{reached.hash}")
        terminal.note(
            "Keep the head elsewhere: `egress verify --head` then also finds a chain that was written anew."
        )


def _records(gateway: Gateway, limit: int) -> Iterator[ai_pb2.EgressRecord]:
    token, left = "", limit
    while left > 0:
        request = ai_service_pb2.ListEgressRecordsRequest(page_size=min(left, _PAGE), page_token=token)
        page = gateway.call(gateway.stub.ListEgressRecords, request)
        yield from page.egress_records
        token, left = page.next_page_token, left - len(page.egress_records)
        if not token:
            return


def _chain(gateway: Gateway) -> Iterator[Entry]:
    request = ai_service_pb2.ExportEgressChainRequest()
    seconds = max(gateway.seconds, _EXPORT_SECONDS)
    for item in gateway.stub.ExportEgressChain(request, metadata=gateway.metadata, timeout=seconds):
        yield Entry(item.seq, item.entry, item.hash)
