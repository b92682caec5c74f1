"""The table of ASVS 5.0.0 is whole: each requirement once, each test there, the document up to date."""

import re

import pytest

from tests.security.asvs.table import DOCUMENT, LEAST_SHARE, Requirement, chapters, document, share
from tests.support.naming import missing

# How many requirements of levels 1 and 2 each section of the standard has: {chapter: {section: ids}}.
SECTIONS = {
    1: {
        1: (1, 2),
        2: (1, 2, 3, 4, 5, 6, 7, 8, 9),
        3: (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11),
        4: (1, 2, 3),
        5: (1, 2),
    },
    2: {1: (1, 2, 3), 2: (1, 2, 3), 3: (1, 2, 3, 4), 4: (1,)},
    3: {2: (1, 2), 3: (1, 2, 3, 4), 4: (1, 2, 3, 4, 5, 6), 5: (1, 2, 3, 4, 5), 7: (1, 2)},
    4: {1: (1, 2, 3), 2: (1,), 3: (1, 2), 4: (1, 2, 3, 4)},
    5: {1: (1,), 2: (1, 2, 3), 3: (1, 2), 4: (1, 2, 3)},
    6: {
        1: (1, 2, 3),
        2: (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12),
        3: (1, 2, 3, 4),
        4: (1, 2, 3, 4),
        5: (1, 2, 3, 4, 5),
        6: (1, 2, 3),
        8: (1, 2, 3, 4),
    },
    7: {1: (1, 2, 3), 2: (1, 2, 3, 4), 3: (1, 2), 4: (1, 2, 3, 4, 5), 5: (1, 2), 6: (1, 2)},
    8: {1: (1, 2), 2: (1, 2, 3), 3: (1,), 4: (1,)},
    9: {1: (1, 2, 3), 2: (1, 2, 3, 4)},
    10: {
        1: (1, 2),
        2: (1, 2),
        3: (1, 2, 3, 4),
        4: (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11),
        5: (1, 2, 3, 4, 5),
        6: (1, 2),
        7: (1, 2, 3),
    },
    11: {1: (1, 2), 2: (1, 2, 3), 3: (1, 2, 3), 4: (1, 2, 3, 4), 5: (1,), 6: (1,)},
    12: {1: (1, 2, 3), 2: (1, 2), 3: (1, 2, 3, 4)},
    13: {1: (1,), 2: (1, 2, 3, 4, 5), 3: (1, 2), 4: (1, 2, 3, 4, 5)},
    14: {1: (1, 2), 2: (1, 2, 3, 4), 3: (1, 2, 3)},
    15: {1: (1, 2, 3), 2: (1, 2, 3), 3: (1, 2, 3, 4, 5, 6, 7)},
    16: {1: (1,), 2: (1, 2, 3, 4, 5), 3: (1, 2, 3, 4), 4: (1, 2, 3), 5: (1, 2, 3)},
    17: {1: (1,), 2: (1, 2, 3, 4), 3: (1, 2)},
}
LEVELS = {1: 70, 2: 183}
CHAPTERS = chapters()
ALL = [each for chapter in CHAPTERS for each in chapter.requirements]


def test_every_requirement_is_there_once():
    """Which are of the two levels is a fact of the standard; here are their numbers."""
    meant = [f"{chapter}.{section}.{number}" for chapter, sections in SECTIONS.items()
             for section, numbers in sections.items() for number in numbers]  # fmt: skip
    assert [each.id for each in ALL] == meant
    assert len(meant) == sum(LEVELS.values())
    for level, count in LEVELS.items():
        assert sum(each.level == level for each in ALL) == count
    for chapter in CHAPTERS:
        assert all(each.id.startswith(f"{chapter.number}.") for each in chapter.requirements)


@pytest.mark.parametrize("each", ALL, ids=lambda each: each.id)
def test_each_has_one_end_and_its_tests_exist(each: Requirement):
    assert each.ends == 1
    assert each.summary
    assert not missing(each.tests)
    assert not missing(re.findall(r"[\w/.-]+::\w+", each.note))


def test_the_document_is_up_to_date():
    assert DOCUMENT.read_text(encoding="utf-8") == document(CHAPTERS), "make asvs"


def test_most_of_what_applies_is_shown_by_a_test():
    assert share(ALL) >= LEAST_SHARE
