"""`make eval-verifier`: 5,000 lies and all truths about five contracts are put to the verifier."""

from collections.abc import Iterable, Sequence

from tests.bench.figures import Figure, at_least, at_most, print_result, told
from tests.eval.verifier.claims import Told
from tests.eval.verifier.facts import contracts
from tests.eval.verifier.questioning import Asked, ask, chosen_lies, chosen_truths

_LIES = 5_000
_SEED = 5
_SHOWN = 12


def main() -> None:
    """Prints a table of the lies, one of the truths, what was believed wrongly, and the RESULT line."""
    known = list(contracts())
    lies = ask(chosen_lies(known, _LIES, _SEED))
    truths = ask(chosen_truths(known, _SEED))
    names = ", ".join(contract.name for contract in known)
    print(f"{len(known)} contracts ({names}), seed {_SEED}.\n")
    print("\n".join(_table("lie", "believed", lies)), "\n")
    print("\n".join(_table("truth", "verified", truths)))
    _show("Believed though false:", [one for one in lies if one.believed])
    _show("Not verified though true:", [one for one in truths if not one.believed])
    print_result(_figures(lies, truths, len(known)))


def _table(head: str, column: str, asked: Sequence[Asked]) -> Iterable[str]:
    yield f"{head:54} {'told':>6} {'quote stands':>13} {column:>9}"
    for kind in sorted({one.told.kind for one in asked}):
        yield _line(kind, [one for one in asked if one.told.kind == kind])
    yield _line("all", asked)


def _line(name: str, asked: Sequence[Asked]) -> str:
    stands = sum(one.stands for one in asked)
    return f"{name:54} {len(asked):6} {stands:13} {sum(one.believed for one in asked):9}"


def _show(head: str, wrong: Sequence[Asked]) -> None:
    if wrong:
        print(f"\n{head}")
    for one in wrong[:_SHOWN]:
        print(f"  {one.reason or 'VERIFIED':22} {_words(one.told)}")


def _words(told: Told) -> str:
    what = told.sentence or f"{told.field or told.of.lower()} = {told.value} {told.unit}"
    return f"{what} <- {told.document.document_id}: {' '.join(told.quote.split())[:110]!r} ({told.kind})"


def _figures(lies: Sequence[Asked], truths: Sequence[Asked], known: int) -> list[Figure]:
    of_fields = [one for one in truths if one.told.field]
    return [
        at_most(f"false values VERIFIED of {len(lies)}", sum(one.believed for one in lies), "lies", 0),
        at_least("truthful values VERIFIED", _verified(truths), "%", 98),
        told("truthful values of the catalogue's fields VERIFIED", _verified(of_fields), "%"),
        told("truthful values of the catalogue's fields", len(of_fields), "claims"),
        told("truthful values", len(truths), "claims"),
        told("contracts", known, "contracts"),
        told("lies whose quote stands", sum(one.stands for one in lies), "lies"),
    ]


def _verified(truths: Sequence[Asked]) -> float:
    return 100 * sum(one.believed for one in truths) / len(truths)


if __name__ == "__main__":
    main()
