"""Withholds personal data from a request to Claude, reversibly."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ai_gateway.privacy.body import Rewriting
from ai_gateway.privacy.finds import Find, covered
from ai_gateway.privacy.marks import Marks
from ai_gateway.privacy.placeholders import PLACEHOLDER, Kind, placeholder
from ai_gateway.privacy.scan import scan
from ai_gateway.privacy.vault import Vault


class RedactionError(Exception):
    """The request could not be searched and must not be sent. It tells nothing of the request."""


@dataclass(frozen=True, slots=True)
class Redacted:
    """What may leave. `counts` has the withheld places by kind; `unread` is the number of sources that are no
    text: pictures, PDFs, files and addresses leave as they are.
    """

    body: Mapping[str, object] = field(repr=False)
    counts: Mapping[str, int]
    vault: Vault
    unread: int = 0


def redact(body: Mapping[str, object], marked: Sequence[str] = ()) -> Redacted:
    """A new body without e-mail addresses, telephone, tax, card and bank numbers, and without what is marked.

    Placeholders are numbered in the order in which Claude reads the request, and depend on nothing behind
    them: a stable prefix stays the same bytes under every question. Raises RedactionError.
    """
    try:
        marks = Marks(marked)
        withholding = _Withholding(marks, frozenset())
        redacted = withholding.run(body)
        if withholding.lookalikes.isdisjoint(redacted.vault.values):
            return redacted
        return _Withholding(marks, frozenset(withholding.lookalikes)).run(body)
    except Exception as fault:  # noqa: BLE001  # whatever it is, the request must not leave
        kind = type(fault).__name__
    # Raised out here, it has no context: the fault's words may repeat the request.
    raise RedactionError(f"the request could not be searched for personal data: {kind}")


class _Withholding:
    """One pass over one request. Placeholders that are `taken` stand in it as names and are not given."""

    def __init__(self, marks: Marks, taken: frozenset[str]) -> None:
        self._marks = marks
        self._taken = taken
        self._placeholders: dict[str, tuple[Kind, str]] = {}
        self._numbers: Counter[Kind] = Counter()
        self._counts: Counter[str] = Counter()
        self.lookalikes: set[str] = set()

    def run(self, body: Mapping[str, object]) -> Redacted:
        rewriting = Rewriting(self._text, self._thought, self._kept)
        made = rewriting.body(body)
        vault = Vault({mark: value for value, (_, mark) in self._placeholders.items()})
        return Redacted(made, dict(sorted(self._counts.items())), vault, rewriting.unread)

    def _kept(self, text: str) -> None:
        self.lookalikes.update(PLACEHOLDER.findall(text))

    def _text(self, text: str) -> str:
        return self._replaced(text, [*scan(text), *self._marks.find(text)])

    def _thought(self, text: str) -> str:
        """Its marks stay as they are: it came back with them, and its signature is for these very words."""
        finds = [*scan(text), *self._marks.find(text)]
        return self._replaced(text, [find for find in finds if find.kind is not Kind.LITERAL])

    def _replaced(self, text: str, finds: Sequence[Find]) -> str:
        finds = self._valid(text, finds)
        pieces: list[str] = []
        done = 0
        for find in covered(finds):
            pieces += (text[done : find.start], self._placeholder(text[find.start : find.end], find.kind))
            done = find.end
        return "".join((*pieces, text[done:]))

    def _valid(self, text: str, finds: Sequence[Find]) -> list[Find]:
        """Without those that are not sure and were found nowhere else, here or before."""
        sure = [find for find in finds if find.sure]
        if len(sure) == len(finds):
            return sure
        here = {text[find.start : find.end] for find in sure}
        values = ((find, text[find.start : find.end]) for find in finds if not find.sure)
        return sure + [find for find, value in values if value in here or value in self._placeholders]

    def _placeholder(self, value: str, kind: Kind) -> str:
        given = self._placeholders.get(value)
        if given is None:
            given = self._placeholders[value] = kind, self._next(kind)
        kind, mark = given
        if kind is not Kind.LITERAL:
            self._counts[kind.value] += 1
        return mark

    def _next(self, kind: Kind) -> str:
        while True:
            self._numbers[kind] += 1
            mark = placeholder(kind, self._numbers[kind])
            if mark not in self._taken:
                return mark
