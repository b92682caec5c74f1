"""The ways in which contracts define a term, and the words that only look like one."""

import pytest

from contracts_service.definitions import find


@pytest.mark.parametrize(
    ("text", "term", "passage"),
    [
        ('“Buyer” means Lakeside Trust. Next.', "Buyer", "“Buyer” means Lakeside Trust."),
        ('"Outage" shall mean an hour; "Fuel" means gas.', "Outage", '"Outage" shall mean an hour;'),
        ('"Unit" (or "Units") means a box.', "Unit", '"Unit" (or "Units") means a box.'),
        ("“COD\nDate” means the day of No. 5. X", "COD Date", "“COD\nDate” means the day of No. 5."),
        (
            'Long before. Bloom Energy Corporation, a Delaware corporation (the "Seller") agrees.',
            "Seller",
            'Bloom Energy Corporation, a Delaware corporation (the "Seller")',
        ),
    ],
)  # fmt: skip
def test_a_meaning(text, term, passage):
    one = find(text)[0]
    assert (one.term, text[one.start : one.end], one.elsewhere) == (term, passage, "")


@pytest.mark.parametrize(
    ("text", "where", "own"),
    [
        ('"X" has the meaning set forth in Section 3.2.', "Section 3.2", True),
        ('"X" has the meaning given to it in the preamble.', "the preamble", True),
        (
            '"X" shall have the meaning ascribed thereto in the Master Agreement.',
            "the Master Agreement",
            False,
        ),
        (
            '"X" has the meaning given in Section 3 of the Master Agreement.',
            "Section 3 of the Master Agreement",
            False,
        ),
        ('"X" is defined in the Definitions Annex.', "the Definitions Annex", False),
    ],
)
def test_a_reference(text, where, own):
    (one,) = find(text)
    assert (one.elsewhere, one.own) == (where, own)


def test_a_meaning_that_mentions_another_definition_is_a_meaning():
    (one,) = find('"Net Output" means the Output less the Station Load, as defined in the Master Agreement.')
    assert one.elsewhere == ""


@pytest.mark.parametrize(
    "text",
    [
        "He said “means nothing”.",
        'The word "agreement" is used.',
        "“” means nothing.",
        "(see the attached plan)",
    ],
)
def test_what_defines_nothing(text):
    assert find(text) == []


def test_two_terms_in_one_pair_of_parentheses():
    assert [one.term for one in find('each owner (each, an "Owner" and together the "Owners").')] == [
        "Owner",
        "Owners",
    ]


def test_a_definition_that_never_ends_is_cut():
    (one,) = find('"Word" means ' + "a " * 5_000)
    assert one.end - one.start <= 1_600
