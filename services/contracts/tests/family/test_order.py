"""The order of documents and what follows from it, against the plain rule: the latest that speaks holds."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from bloom.contracts.v1 import contract_pb2, family_service_pb2
from contracts_service.contracts.model import Contract
from contracts_service.family import order
from contracts_service.family.model import AMENDS, Family, Link, member
from contracts_service.family.statement import statements
from contracts_service.grid.model import CORRECTED, Cell

NOW = datetime(2026, 1, 1, tzinfo=UTC)
BEGIN = date(2020, 1, 1)
FIELD = "term_years"


def contract(number: int) -> Contract:
    return Contract(
        id=UUID(int=number), label="", reference_no="", office=0, agreement_type=0,
        state=contract_pb2.CONTRACT_STATE_ACTIVE, tags=(), version=1, creator="", created_at=NOW,
        updated_at=NOW, document=None, analysis_state=0, analysis_operation=None, published_operation=None,
        analysis={},
    )  # fmt: skip


def family(days: dict[int, date | None], above: dict[int, int]) -> Family:
    members = {}
    for number, effective in days.items():
        target = above.get(number)
        links = [] if target is None else [
            Link(UUID(int=1000 + number), UUID(int=number), UUID(int=target), AMENDS, effective, 0, "", NOW)
        ]  # fmt: skip
        said = Cell("effective_date", review=CORRECTED, value=str(effective), day=effective)
        one = member(contract(number), links, {"effective_date": said} if effective else {})
        members[one.id] = one
    return Family(UUID(int=0), members)


@st.composite
def families(draw):
    """A base and amendments of it or of each other, on different days; some speak, some are undated."""
    count = draw(st.integers(0, 6))
    offsets = draw(st.lists(st.integers(1, 3000), min_size=count, max_size=count, unique=True))
    days: dict[int, date | None] = {0: draw(st.sampled_from([None, BEGIN]))}
    above = {}
    for number, offset in enumerate(offsets, start=1):
        days[number] = draw(st.sampled_from([BEGIN + timedelta(days=offset), None]))
        above[number] = draw(st.integers(0, number - 1))
    says = {number: draw(st.booleans()) for number in days}
    return days, above, says


def plainly(days: dict[int, date | None], says: dict[int, bool], day: date) -> int | None:
    """The latest amendment in force that speaks; then the base, in force since ever where nobody dates it."""
    speaking = [
        (told, number) for number, told in days.items() if number and told and told <= day and says[number]
    ]
    if speaking:
        return max(speaking)[1]
    begun = days[0] is None or days[0] <= day
    return 0 if begun and says[0] else None


@given(families(), st.integers(-100, 3200))
def test_the_latest_that_speaks_holds_on_any_day_and_periods_say_the_same(made, offset):
    days, above, says = made
    day = BEGIN + timedelta(days=offset)
    cells = {
        (UUID(int=number), FIELD): Cell(FIELD, review=CORRECTED, value=str(number))
        for number, speaks in says.items()
        if speaks
    }
    (found,) = statements(family(days, above), cells, [FIELD], day)
    expected = plainly(days, says, day)
    assert (int(found.holds.cell.value) if found.holds else None) == expected
    within = [
        one
        for one in found.periods
        if (one.start is None or one.start <= day) and (one.end is None or day < one.end)
    ]
    assert [int(one.said.cell.value) for one in within] == ([] if expected is None else [expected])
    assert all(
        one.end == other.start or one.end < other.start
        for one, other in zip(found.periods, found.periods[1:], strict=False)
    )


@given(families(), st.integers(0, 3200))
def test_nobody_speaks_twice_and_the_undated_do_not_speak(made, offset):
    days, above, _ = made
    speakers = order.speaking(family(days, above), BEGIN + timedelta(days=offset))
    numbers = [one.member.id.int for one in speakers]
    assert len(numbers) == len(set(numbers))
    assert all(days[number] is not None for number in numbers if number)


def test_units_of_one_kind_say_the_same():
    days = {0: BEGIN, 1: BEGIN + timedelta(days=1)}
    cells = {
        (UUID(int=0), "capacity"): Cell("capacity", review=CORRECTED, value="1500", unit="kW", number=1500),
        (UUID(int=1), "capacity"): Cell("capacity", review=CORRECTED, value="1.5", unit="MW", number=1500),
    }
    (found,) = statements(family(days, {1: 0}), cells, ["capacity"], date(2025, 1, 1))
    assert found.reason == family_service_pb2.PRECEDENCE_AMENDMENT
    assert not found.overridden
