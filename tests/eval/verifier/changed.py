"""False claims about contracts with changed words: what was true of them is not, by construction."""

from collections.abc import Iterator
from random import Random

from tests.eval.verifier import blurred, withdrawn
from tests.eval.verifier.claims import Told
from tests.eval.verifier.doctored import told
from tests.eval.verifier.facts import Contract

_ROUNDS = 2


def changed(contract: Contract, random: Random) -> Iterator[Told]:
    """The claims, in a fixed order; each way is tried in a few rounds, with other words."""
    for _ in range(_ROUNDS):
        for kind, way in (*withdrawn.WAYS.items(), *blurred.WAYS.items()):
            yield from told(contract, kind, way, random)
