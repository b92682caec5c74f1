"""Chooses lies and truths by a seed, and asks the verifier what it makes of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from random import Random

from tests.eval.verifier.changed import changed
from tests.eval.verifier.claims import Told
from tests.eval.verifier.facts import Contract
from tests.eval.verifier.lies import lies
from tests.eval.verifier.truths import truths

_NOT_STANDING = ("QUOTE_NOT_FOUND", "QUOTE_NOT_EXACT")


@dataclass(frozen=True)
class Asked:
    """A claim, whether the verifier believed it, and its reason where it did not."""

    told: Told
    believed: bool
    reason: str

    @property
    def stands(self) -> bool:
        """Whether the quote stands in the document: a lie whose quote does not proves little."""
        return self.reason not in _NOT_STANDING


def ask(told: Iterable[Told]) -> list[Asked]:
    """The verdict on each claim."""
    return [Asked(one, *one.verdict()) for one in told]


def chosen_lies(contracts: Sequence[Contract], count: int, seed: int) -> list[Told]:
    """`count` lies, of each kind as many as of any other as far as there are so many."""
    random = Random(seed)
    kinds: dict[str, list[Told]] = {}
    for contract in contracts:
        for told in (*lies(contract, random), *changed(contract, random)):
            kinds.setdefault(told.kind, []).append(told)
    chosen: list[Told] = []
    left = len(kinds)
    for told_of_kind in sorted(kinds.values(), key=len):
        share = min(len(told_of_kind), (count - len(chosen)) // left)
        chosen += random.sample(told_of_kind, share)
        left -= 1
    return chosen


def chosen_truths(contracts: Sequence[Contract], seed: int) -> list[Told]:
    """All of them."""
    random = Random(seed)
    return [told for contract in contracts for told in truths(contract, random)]
