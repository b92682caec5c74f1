"""`make eval`: the 40 contracts of cuad-dev are read, and scored against CUAD's labels by its own rule."""

import statistics
import sys

from contracts_service.prompts.clauses import CATEGORIES
from tests.bench.figures import print_result, told
from tests.eval import labels, reading, report

_RULE = """\
A prediction is a passage that an analysis gives as a clause of the category and that stands in the contract.
It matches a label when the Jaccard similarity of their words is at least 0.5 (for Parties also when the label
stands in it), as in CUAD's evaluate.py. Confidences are those of the verification, of which there are few: so
the curve behind AUPR and precision at 80 % recall has few points."""


def main() -> None:
    """Prints a table and the RESULT line; skips where the data is absent."""
    try:
        contracts = labels.contracts()
    except FileNotFoundError as absent:
        print(f"skipped: there are no labelled contracts in {absent}", file=sys.stderr)
        print_result([])
        return
    with reading.reading_mesh() as mesh:
        read = reading.read_all(mesh, contracts)
    truth, said = labels.labels(CATEGORIES), reading.predictions(read)
    reader = "the simulator, which goes by keywords: a floor" if read[0].simulated else "Claude"
    print(f"{len(read)} contracts, read by {reader}.\n{_RULE}\n")
    print("\n".join(report.table(CATEGORIES, truth, said)))
    print_result(
        [
            *report.figures(truth, said),
            told("contracts", len(read), "contracts"),
            told("seconds of a contract, median", statistics.median(one.seconds for one in read), "s"),
            told(
                "cost of a contract, mean", statistics.mean(one.cost_micro_usd for one in read) / 1e6, "USD"
            ),
            told("simulated", float(any(one.simulated for one in read)), "yes/no"),
        ]
    )


if __name__ == "__main__":
    main()
