"""The work that the savings bench replays: what a few organizations would ask in an hour, from a seed.

Uploads of agreements (each read group by group, as the contract service does), re-uploads of them, sometimes
under another name; questions that follow, many of them asked before by a colleague; and meetings, where some
people ask the same at the same moment. What is popular follows Zipf's law. The prompts are the contract
service's own.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate

from bloom.ai.v1 import ai_service_pb2
from contracts_service.fields import GROUPS
from contracts_service.prompts import extraction, question
from sample.variants import plain_text

Prompt = ai_service_pb2.Prompt
SEED = 20261123


@dataclass(frozen=True)
class Shape:
    """How much there is of everything, and how it is spread. Shares are of one."""

    organizations: int = 3
    people: int = 40  # of each organization
    agreements: int = 4
    sessions: int = 600  # of all: five for each person
    uploads: float = 0.15
    renamed: float = 0.15
    meetings: float = 0.12
    in_a_meeting: tuple[int, int] = (3, 8)
    questions_in_a_row: tuple[int, int] = (1, 5)
    in_own_words: float = 0.08
    agreement_exponent: float = 1.0
    question_exponent: float = 1.1
    shortest_agreement: float = 0.25


@dataclass(frozen=True)
class Asked:
    """One prompt of one person."""

    person: int
    prompt: Prompt = field(repr=False)


@dataclass(frozen=True)
class Session:
    """What one organization does in one go: stages after each other, the prompts of a stage at once."""

    organization: int
    stages: tuple[tuple[Asked, ...], ...]

    @property
    def prompts(self) -> Iterator[Asked]:
        """All of them."""
        for stage in self.stages:
            yield from stage


QUESTIONS = (
    "What is the term of this agreement?",
    "When does the agreement expire?",
    "What price is paid per kilowatt-hour?",
    "How does the price escalate?",
    "What output is guaranteed?",
    "What efficiency is guaranteed?",
    "What happens when the guaranteed output is missed?",
    "Who owns the environmental attributes?",
    "Who may terminate for convenience, and when?",
    "What is the early termination fee?",
    "Which law governs the agreement?",
    "How are disputes resolved?",
    "When are invoices due?",
    "What interest is charged on late payments?",
    "Who are the parties?",
    "What is the capacity of the system?",
    "Where is the site?",
    "When is commercial operation due?",
    "What insurance must the seller carry?",
    "May the buyer assign the agreement?",
    "What counts as force majeure?",
    "Who pays for the gas?",
    "What must the seller report each month?",
    "How often is the guarantee settled?",
    "May the buyer purchase the system at the end?",
    "Is there a limit of liability?",
    "What must be kept confidential?",
    "How is a notice given?",
    "Does the agreement renew by itself?",
    "Which permits does the buyer obtain?",
)


def replayed(seed: int, shape: Shape | None = None) -> list[Session]:
    """The sessions in the order in which they begin; the same for the same seed."""
    shape, chance = shape or Shape(), random.Random(seed)
    library = [_agreements(organization, shape, chance) for organization in range(shape.organizations)]
    return [_session(index % shape.organizations, library, shape, chance) for index in range(shape.sessions)]


def one_document(asked: int) -> list[Asked]:
    """So many different questions about one agreement."""
    text = plain_text()
    wordings = [f"{words} Say where it is written." for words in QUESTIONS] + list(QUESTIONS)
    return [Asked(0, question.prompt(words, "Agreement", text)) for words in wordings[:asked]]


def repeated_share(sessions: Sequence[Session]) -> float:
    """The share of the prompts that the same organization has already asked: the most that can be saved."""
    seen, prompts = set(), 0
    for session in sessions:
        for asked in session.prompts:
            prompts += 1
            seen.add((session.organization, asked.prompt.SerializeToString(deterministic=True)))
    return 1 - len(seen) / prompts


def _agreements(organization: int, shape: Shape, chance: random.Random) -> list[str]:
    """Texts of different lengths, no two alike."""
    paragraphs = plain_text().split("\n\n")
    texts = []
    for number in range(shape.agreements):
        share = chance.uniform(shape.shortest_agreement, 1)
        head = f"ENERGY SERVICES AGREEMENT No. {organization + 1}-{number + 1:03}"
        texts.append("\n\n".join([head, *paragraphs[: int(len(paragraphs) * share)]]))
    return texts


def _session(
    organization: int, library: Sequence[Sequence[str]], shape: Shape, chance: random.Random
) -> Session:
    number = _popular(shape.agreements, shape.agreement_exponent, chance)
    title, text = f"Agreement {number + 1}", library[organization][number]
    kind = chance.random()
    if kind < shape.uploads:
        return Session(organization, _upload(title, text, shape, chance))
    if kind < shape.uploads + shape.meetings:
        return Session(organization, (_meeting(title, text, shape, chance),))
    person = chance.randrange(shape.people)
    asked = range(chance.randint(*shape.questions_in_a_row))
    return Session(
        organization, tuple((Asked(person, _question(title, text, shape, chance)),) for _ in asked)
    )


def _upload(title: str, text: str, shape: Shape, chance: random.Random) -> tuple[tuple[Asked, ...], ...]:
    """The first group alone, so that the others find the document in Claude's cache; as the service does."""
    name = f"{title} (copy {chance.randint(2, 9)})" if chance.random() < shape.renamed else title
    person = chance.randrange(shape.people)
    first, *others = [Asked(person, extraction.prompt(group, name, text)) for group in GROUPS]
    return (first,), tuple(others)


def _meeting(title: str, text: str, shape: Shape, chance: random.Random) -> tuple[Asked, ...]:
    same = _question(title, text, shape, chance)
    present = chance.sample(range(shape.people), chance.randint(*shape.in_a_meeting))
    return tuple(Asked(person, same) for person in present)


def _question(title: str, text: str, shape: Shape, chance: random.Random) -> Prompt:
    words = QUESTIONS[_popular(len(QUESTIONS), shape.question_exponent, chance)]
    if chance.random() < shape.in_own_words:
        words = f"{words} (for file {chance.randrange(10**9)})"
    return question.prompt(words, title, text)


def _popular(count: int, exponent: float, chance: random.Random) -> int:
    weights = list(accumulate(1 / (rank + 1) ** exponent for rank in range(count)))
    return chance.choices(range(count), cum_weights=weights)[0]
