"""Page tokens go round, and are refused for other arguments."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service_runtime import pagination
from service_runtime.errors import DomainError
from service_runtime.identifiers import new_id


@given(st.lists(st.text(), min_size=1, max_size=3), st.text())
def test_a_token_gives_its_cursor_back(cursor, argument):
    token = pagination.encode(cursor, "list", argument)
    assert pagination.decode(token, "list", argument, parts=len(cursor)) == cursor


@given(st.text(min_size=1))
def test_what_is_no_token_is_refused(text):
    with pytest.raises(DomainError):
        pagination.decode(text, "list", parts=2)


def test_a_token_of_another_list_is_refused():
    token = pagination.encode(["7"], "pages", "contracts/a")
    with pytest.raises(DomainError):
        pagination.ordinal(token, "pages", "contracts/b")
    assert pagination.ordinal(token, "pages", "contracts/a") == 7
    assert pagination.ordinal("", "pages") == 0


@pytest.mark.parametrize("parts", [["x", "y"], ["2026-01-01T00:00:00+00:00", "y"], ["0001-01-01", "y"]])
def test_a_cursor_that_is_none_is_refused(parts):
    with pytest.raises(DomainError):
        pagination.moment_and_id(parts)


def test_ids_sort_by_the_time_of_their_making():
    made = [new_id() for _ in range(50)]
    assert all(made_id.version == 7 and made_id.variant == UUID(int=0x8 << 60).variant for made_id in made)
    assert [made_id.int >> 80 for made_id in made] == sorted(made_id.int >> 80 for made_id in made)
