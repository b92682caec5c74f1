"""A document as its own changes leave it, and the way back from there to the document's words."""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from functools import lru_cache

from claude_simulator.rules.changes import Change, changes

_STANDS_ALONE = 120  # characters; a longer replacement is a clause, quoted in part


@dataclass(frozen=True)
class Amended:
    """A text without what the document strikes. Offsets into it are not offsets into the document."""

    document: str
    text: str
    _made: tuple[Change, ...]
    _resumes: tuple[int, ...]  # where the text goes on after each change

    def quote(self, start: int, end: int, value_start: int) -> str:
        """The document's words for [start, end) of the text, without a value that is struck.

        Where a change brought the value, they are the new statement.
        """
        last = self._end(end)
        brought = bisect_right(self._resumes, value_start) - 1
        if brought >= 0:
            change = self._made[brought]
            if start < self._resumes[brought]:
                return self.document[change.new_start : _whole(change, last)].strip()
            if self._start(start) < (change.new_end or 0) and _whole(change, last) > last:
                return self.document[change.new_start : change.new_end].strip()
        return self.document[self._start(start) : last].strip()

    def _start(self, offset: int) -> int:
        made = bisect_right(self._resumes, offset)
        return offset if not made else self._made[made - 1].end + offset - self._resumes[made - 1]

    def _end(self, offset: int) -> int:
        made = bisect_left(self._resumes, offset)
        end = offset if not made else self._made[made - 1].end + offset - self._resumes[made - 1]
        return min(end, self._made[made].start) if made < len(self._made) else end


def _whole(change: Change, end: int) -> int:
    """Where a quote ends: with the new statement if that is short, else where the rule says."""
    whole = change.new_end
    return whole if whole is not None and end <= whole <= change.new_start + _STANDS_ALONE else end


@lru_cache(maxsize=16)
def amended(document: str) -> Amended:
    """The document with each of its changes made."""
    parts, resumes, done, length = [], [], 0, 0
    made = tuple(changes(document))
    for change in made:
        parts += [document[done : change.start], change.joint]
        length += change.start - done + len(change.joint)
        resumes.append(length)
        done = change.end
    return Amended(document, "".join([*parts, document[done:]]), made, tuple(resumes))
