"""A document as its own changes leave it, and the way back from there to the document's words."""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from functools import lru_cache

from claude_simulator.rules.changes import SAYS_VALUE, Change, changes

_REST = 80  # characters; with more the replacement is a clause, quoted in part


@dataclass(frozen=True)
class Amended:
    """A text without what the document strikes. Offsets into it are not offsets into the document."""

    document: str
    text: str
    _made: tuple[Change, ...]
    _resumes: tuple[int, ...]  # where the text goes on after each change

    def quote(self, start: int, end: int, value_start: int) -> str:
        """The document's words for [start, end) of the text, without a value that is struck.

        Where a change brought the value, they are of the new statement.
        """
        first, last = self._start(start), self._end(end)
        brought = bisect_right(self._resumes, value_start) - 1
        if brought >= 0:
            change = self._made[brought]
            if start < self._resumes[brought]:
                first = change.new_start
            if change.new_end is not None and first < change.new_end:
                last = self._whole(last, change.new_end)
        return self.document[first:last].strip()

    def _whole(self, end: int, whole: int) -> int:
        """The end of the new statement where it says nothing more that could be taken for its value."""
        rest = self.document[end:whole]
        return end if len(rest) > _REST or SAYS_VALUE.search(rest) else max(end, whole)

    def _start(self, offset: int) -> int:
        made = bisect_right(self._resumes, offset)
        return offset if not made else self._made[made - 1].end + offset - self._resumes[made - 1]

    def _end(self, offset: int) -> int:
        made = bisect_left(self._resumes, offset)
        end = offset if not made else self._made[made - 1].end + offset - self._resumes[made - 1]
        return min(end, self._made[made].start) if made < len(self._made) else end


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
