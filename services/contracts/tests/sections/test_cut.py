"""Cutting: parts cover the text, stay within the budget, and end where the document itself does."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts_service.analysis.plan import overhead, parts_of
from contracts_service.evidence import DocumentText
from contracts_service.prompts.uses import QUESTIONS
from contracts_service.sections import cut, most_tokens

WORDS = "The Seller shall deliver what the Buyer orders and keep it in good repair. "


def article(number: int, sentences: int) -> str:
    return f"ARTICLE {number}\nDELIVERY AND REPAIR\n\n{WORDS * sentences}\n"


def pieces(text: str, budget: int, pages: tuple[tuple[int, int], ...] = ()) -> list[str]:
    return [text[part.start : part.end] for part in cut(text, pages, budget)]


@given(
    text=st.lists(st.sampled_from(["a", "Z", " ", "\n", ".", "é", "漢", "𝟗", "\nARTICLE 2\n"])).map("".join),
    budget=st.integers(1, 60),
)
def test_parts_are_the_text_and_fit_wherever_it_can_be_cut(text: str, budget: int) -> None:
    cut_up = pieces(text, budget)
    assert "".join(cut_up) == text
    for piece in cut_up:
        # One character may alone be more than the smallest budget; it cannot be cut.
        assert most_tokens(piece) <= budget or len(piece) == 1
    if most_tokens(text) <= budget:
        assert cut_up == [text]


@pytest.mark.parametrize("more", [-1, 0, 1])
def test_a_document_at_the_boundary_stays_whole_and_one_byte_more_is_cut(more: int) -> None:
    text = "x" * (300 + more)
    assert len(pieces(text, 100)) == (2 if more == 1 else 1)


def test_parts_begin_at_articles_where_there_are_any() -> None:
    text = "".join(article(number, 8) for number in range(1, 21))
    cut_up = pieces(text, most_tokens(article(1, 8)) * 5 // 2)
    assert len(cut_up) == 10
    assert all(piece.startswith("ARTICLE") for piece in cut_up)


def test_an_exhibit_parts_more_than_an_article_and_an_article_more_than_a_section() -> None:
    body = WORDS * 10
    heads = ["1. Term\n", "ARTICLE 2\n", "2.1 Price\n", "EXHIBIT A\n", "3. Notices\n"]
    text = "".join(f"{head}{body}\n" for head in heads)
    # Room for all but the last: the second half of the part holds ARTICLE 2, a section and the exhibit.
    cut_up = pieces(text, most_tokens(text) - 50)
    assert cut_up[1].startswith("EXHIBIT A")
    assert pieces(text.replace("EXHIBIT A", "The Exhibits"), most_tokens(text) - 50)[1].startswith(
        "3. Notices"
    )


def test_references_and_contents_are_no_headings() -> None:
    text = (WORDS * 4 + "as set out in\nSection 4 of Exhibit B and\nARTICLE 9 ........ 14\n") * 6
    for piece in pieces(text, most_tokens(text) // 3)[1:]:
        assert not piece.startswith("ARTICLE 9")


def test_without_headings_pages_then_paragraphs_then_lines_then_words() -> None:
    page = WORDS * 10
    text = page * 6
    pages = tuple((number * len(page), (number + 1) * len(page)) for number in range(6))
    assert [len(piece) % len(page) for piece in pieces(text, most_tokens(page) * 2, pages)] == [0, 0, 0]
    paragraphs = "\n\n".join([WORDS * 3] * 12)
    assert all(piece.startswith("The Seller") for piece in pieces(paragraphs, 500))
    assert all(piece.startswith("line") for piece in pieces("line of a table\n" * 200, 300))
    assert all(not piece.startswith("ord") for piece in pieces("word " * 500, 300))


def test_a_budget_without_room_is_refused() -> None:
    with pytest.raises(ValueError, match="room"):
        cut("text", (), 0)


def test_a_document_of_1500_pages_is_cut_so_that_no_request_exceeds_the_budget() -> None:
    page = article(7, 38)
    text = "".join(f"ARTICLE {number}\n{page[10:]}\f" for number in range(1_500))
    size = len(text) // 1_500
    pages = tuple((number * size, (number + 1) * size) for number in range(1_500))
    budget = 120_000
    parts = parts_of(DocumentText(text, pages, "documents/x", "0" * 64), budget)
    assert 9 <= len(parts) <= 18
    for part in (parts[0], parts[len(parts) // 2], parts[-1]):
        for question in QUESTIONS.values():
            prompt = question.prompt("A long agreement", text, part)
            said = [*prompt.system, prompt.output_schema]
            said += [
                block.text.text + block.document.title + block.document.text
                for block in prompt.messages[0].content
            ]
            assert sum(map(most_tokens, said)) <= budget
    assert parts[-1].end == len(text)


def test_all_questions_about_a_part_share_their_prefix_and_only_parts_say_so() -> None:
    text = "".join(article(number, 8) for number in range(1, 21))
    parts = cut(text, (), 2_000)
    prompts = [question.prompt("Master", text, parts[1]) for question in QUESTIONS.values()]
    prefixes = {
        (*prompt.system, prompt.output_schema, prompt.messages[0].content[0].SerializeToString())
        for prompt in prompts
    }
    assert len(prefixes) == 1
    assert all("part 2 of" in prompt.messages[0].content[1].text.text for prompt in prompts)
    whole = QUESTIONS["term"].prompt("Master", text, cut(text, (), 10**6)[0])
    assert "part" not in whole.messages[0].content[0].document.title
    assert "other readers" not in whole.messages[0].content[1].text.text


def test_what_stands_around_the_document_is_counted() -> None:
    assert 2_000 < overhead() < 8_000
