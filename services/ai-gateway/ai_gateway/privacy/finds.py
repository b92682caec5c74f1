"""What a recognizer finds in a text, and what is withheld where finds overlap."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from ai_gateway.privacy.placeholders import Kind


class Find(NamedTuple):
    """`text[start:end]`. One that is not `sure` is withheld only where another of the same value is."""

    start: int
    end: int
    kind: Kind
    sure: bool = True


def covered(finds: Iterable[Find]) -> Iterator[Find]:
    """Finds apart from each other, in order. The longest of those that overlap, or the first, gives its kind
    to all that they cover together: no rest of the others may leave.
    """
    best: Find | None = None
    start = end = 0
    for find in sorted(finds, key=lambda one: (one.start, one.end, not one.sure)):
        if best is None or find.start >= end:
            if best is not None:
                yield Find(start, end, best.kind)
            best, start, end = find, find.start, find.end
            continue
        end = max(end, find.end)
        if find.end - find.start > best.end - best.start:
            best = find
    if best is not None:
        yield Find(start, end, best.kind)
