"""Lists find with SQL just what Cedar allows, and nothing that people wrote is ever SQL."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts_service.contracts.reach import compile_reach
from service_runtime.conditions.asking import reaches
from service_runtime.conditions.cedar import Attributes, decide
from service_runtime.conditions.model import Conditional, Conditions, Grant
from service_runtime.identity import Identity
from service_runtime.money import Money

READ = "contracts.read"
ME, OTHER = f"users/{uuid4()}", f"users/{uuid4()}"
HOSTILE = ("') OR true --", '"); permit(principal,action,resource); //', "\\", "%", "{}", "$1")

departments = st.sampled_from(["Legal", "legal", "Sales", *HOSTILE]) | st.text(
    st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=8
)
amounts = st.decimals(min_value=0, max_value=200, places=4) | st.sampled_from(
    [Decimal("99.9999"), Decimal("100.0000"), Decimal("100.0001"), Decimal("900000000000000.9999")]
)
money = st.builds(Money, st.sampled_from(["USD", "EUR"]), amounts)
conditions = st.builds(Conditions, st.booleans(), st.booleans(), st.none() | money).filter(bool)
permissions = st.frozensets(st.sampled_from([READ, "contracts.write"]), min_size=1)
grants = st.builds(Grant, permissions, conditions)
held = st.builds(Conditional, st.lists(grants, max_size=3).map(tuple), st.frozensets(departments, max_size=3))
resources = st.builds(
    Attributes, st.sampled_from([ME, OTHER, "", *HOSTILE]), st.none() | departments, st.none() | money
)


@dataclass(frozen=True)
class Database:
    """A connection whose `contracts` has the columns that conditions ask, and nothing else."""

    connection: Any

    async def found(self, where: str, arguments: list[object], rows: list[Attributes]) -> list[bool]:
        """For each row whether the condition finds it."""
        first = len(arguments)
        columns = [
            [row.creator for row in rows],
            [row.department for row in rows],
            [row.value and row.value.amount for row in rows],
            [row.value and row.value.currency for row in rows],
        ]
        found = await self.connection.fetch(
            f"""SELECT place
                FROM unnest(${first + 1}::text [], ${first + 2}::text [],
                            ${first + 3}::numeric [], ${first + 4}::text []) WITH ORDINALITY
                AS contracts (creator, department, value_amount, value_currency, place) WHERE {where}""",
            *arguments, *columns,
        )  # fmt: skip
        places = {row["place"] for row in found}
        return [place in places for place in range(1, len(rows) + 1)]


@pytest.fixture
async def database(databases):
    connection = await asyncpg.connect(databases.app("contracts"))
    yield Database(connection)
    await connection.close()


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(conditional=held, rows=st.lists(resources, min_size=1, max_size=12))
async def test_sql_finds_what_cedar_allows(database, conditional, rows):
    identity = Identity(subject=ME, org_id=uuid4(), conditional=conditional)
    where, arguments = compile_reach(reaches(identity, READ), 1)
    allowed = [decide(ME, conditional, READ, row).allowed for row in rows]
    assert await database.found(where, arguments, rows) == allowed


async def test_nothing_within_reach_is_nothing_found(database):
    assert compile_reach((), 4) == ("false", [])
    assert compile_reach(None, 4) == ("true", [])


def test_what_people_wrote_travels_as_arguments():
    conditional = Conditional(
        (Grant(frozenset({READ}), Conditions(own_only=True, own_department=True)),), frozenset(HOSTILE)
    )
    where, arguments = compile_reach(reaches(Identity(subject=ME, conditional=conditional), READ), 4)
    assert where == "(contracts.creator = $4 AND contracts.department = ANY($5::text []))"
    assert arguments == [ME, sorted(HOSTILE)]
