"""An exported chain is checked with the file alone: whole when it is, else the fault is found and named."""

import hashlib
import json
from collections.abc import Callable, Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ai_gateway.egress.verification import (
    BrokenChainError,
    Entry,
    Fault,
    Head,
    digest,
    export_line,
    head_line,
    verify,
    verify_file,
)
from ai_gateway_testing.cli import bloom_ai, way_to
from ai_gateway_testing.gateway import Gateway, prompt

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
chains = st.lists(texts, min_size=1, max_size=8)


def chain_of(told: Sequence[str]) -> list[Entry]:
    """Hashed as the database does, without the code under test."""
    entries, before = [], bytes(32)
    for seq, text in enumerate(told, start=1):
        before = hashlib.sha256(before + text.encode()).digest()
        entries.append(Entry(seq, text, before.hex()))
    return entries


def lines_of(told: Sequence[str]) -> list[bytes]:
    entries = chain_of(told)
    head = Head(entries[-1].seq, entries[-1].hash) if entries else Head()
    return [line.encode() for line in (*map(export_line, entries), head_line(head))]


def fault(lines: Sequence[bytes], known: Head | None = None) -> BrokenChainError:
    with pytest.raises(BrokenChainError) as broken:
        list(verify_file(lines, known))
    return broken.value


@given(st.lists(texts, max_size=8))
def test_a_whole_chain_passes(told: list[str]) -> None:
    assert list(verify_file(lines_of(told))) == chain_of(told)


@given(chains, st.data())
def test_any_changed_byte_is_found(told: list[str], data: st.DataObject) -> None:
    content = bytearray(b"".join(lines_of(told)))
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] ^= data.draw(st.integers(1, 255))
    fault(bytes(content).splitlines(keepends=True))
    fault([line + b"\n" for line in bytes(content).split(b"\n")[:-1]] or [bytes(content)])


@given(chains, st.data())
def test_any_removed_line_is_found(told: list[str], data: st.DataObject) -> None:
    lines = lines_of(told)
    gone = data.draw(st.integers(0, len(lines) - 1))
    found = fault([*lines[:gone], *lines[gone + 1 :]])
    last = len(told) - 1
    assert found.fault is (Fault.MISSING if gone < last else Fault.CUT)
    assert found.seq == gone + 1


@given(st.lists(texts, min_size=2, max_size=8), st.data())
def test_any_two_swapped_lines_are_found(told: list[str], data: st.DataObject) -> None:
    lines = lines_of(told)
    one, other = sorted(data.draw(st.sets(st.integers(0, len(lines) - 1), min_size=2, max_size=2)))
    lines[one], lines[other] = lines[other], lines[one]
    found = fault(lines)
    if other < len(told):
        assert (found.fault, found.seq) == (Fault.REORDERED, one + 1)
    else:  # with the head
        assert found.fault in (Fault.SURPLUS, Fault.REORDERED)


@given(chains, st.data())
def test_a_file_cut_anywhere_is_found(told: list[str], data: st.DataObject) -> None:
    content = b"".join(lines_of(told))
    cut = content[: data.draw(st.integers(0, len(content) - 1))]
    assert fault(cut.splitlines(keepends=True)).fault in (Fault.CUT, Fault.UNREADABLE)


@given(chains, st.data())
def test_any_repeated_line_is_found(told: list[str], data: st.DataObject) -> None:
    lines = lines_of(told)
    again = data.draw(st.integers(0, len(lines) - 1))
    place = data.draw(st.integers(again + 1, len(lines)))
    found = fault([*lines[:place], lines[again], *lines[place:]])
    assert found.fault in (Fault.REPEATED, Fault.SURPLUS)


@given(chains, texts, st.data())
def test_a_text_that_was_changed_and_hashed_anew_is_found(
    told: list[str], other: str, data: st.DataObject
) -> None:
    """By the record after it; of the last record, by the head."""
    place = data.draw(st.integers(0, len(told) - 1))
    if told[place] == other:
        other += "."
    entries = chain_of(told)
    before = entries[place - 1].hash if place else Head().hash
    lines = lines_of(told)
    lines[place] = export_line(Entry(place + 1, other, digest(before, other))).encode()
    found = fault(lines)
    assert found.fault is Fault.CHANGED
    assert found.seq == min(place + 2, len(told))


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"text": "other"}, "Record 2 was changed: its text is not the one that was hashed."),
        ({"hash": "0" * 64}, "Record 2 was changed: its hash is not the one of its text."),
        ({"hash": "short"}, "Record 2 was changed: its text and its hash do not belong together."),
    ],
)
def test_it_says_what_of_a_record_was_changed(changed: dict[str, str], told: str) -> None:
    entries = chain_of(["a", "b", "c"])
    given = {"seq": 2, "text": entries[1].text, "hash": entries[1].hash} | changed
    entries[1] = Entry(**given)  # type: ignore[arg-type]
    with pytest.raises(BrokenChainError) as broken:
        list(verify(entries))
    assert str(broken.value) == told


@given(chains, chains)
def test_a_chain_that_was_written_anew_is_found_by_a_head_that_was_kept(
    told: list[str], other: list[str]
) -> None:
    kept = chain_of(told)[-1]
    known = Head(kept.seq, kept.hash)
    grown = [*told, *other]
    assert list(verify_file(lines_of(grown), known)) == chain_of(grown)
    if other[: len(told)] != told:
        fault(lines_of(other), known)


@pytest.mark.parametrize(
    "line",
    [
        b"\xff\n",
        b"[]\n",
        b"null\n",
        b'"head"\n',
        b'{"head":{}}\n',
        b'{"head":{"hash":"","seq":true}}\n',
        b'{"entry":1,"hash":"","seq":1}\n',
        b"[" * 100_000,
    ],
)
def test_what_is_no_line_of_an_export_is_refused(line: bytes) -> None:
    assert fault([line]).fault is Fault.UNREADABLE


@pytest.mark.parametrize(
    "otherwise",
    [
        lambda line: line.replace(b'","', b'", "'),
        lambda line: line.replace(b'"text"', b'"te\\u0078t"'),
        lambda line: line.replace(b'{"entry"', b'{"entry":"other","entry"'),
        lambda line: line.replace(b"{", b'{"more":1,'),
        lambda line: line.replace(b"\n", b"\r\n"),
        lambda line: line.replace(b"\n", b""),
    ],
)
def test_a_line_that_says_the_same_in_other_bytes_is_refused(otherwise: Callable[[bytes], bytes]) -> None:
    first, head = lines_of(["text"])
    assert otherwise(first) != first
    assert fault([otherwise(first), head]).fault is Fault.UNREADABLE


async def test_real_rows_have_the_hashes_that_are_worked_out_here(gateway: Gateway, tmp_path) -> None:
    for question in ("Who signs?", "Wer unterschreibt – und wann? ☂"):
        await gateway.client.ask(prompt(question))
    exported = tmp_path / "chain.jsonl"
    assert (await bloom_ai(way_to(gateway), "egress", "export", str(exported))).status == 0

    rows = await gateway.rows(
        "SELECT seq, entry, hash FROM egress_entries WHERE org_id = $1 ORDER BY seq", gateway.client.org
    )
    entries = list(verify_file(exported.read_bytes().splitlines(keepends=True)))
    assert [(entry.seq, entry.text, entry.hash) for entry in entries] == [
        (row["seq"], row["entry"], row["hash"].hex()) for row in rows
    ]
    assert len(entries) == 4
    before = [Head().hash, *(entry.hash for entry in entries)]
    for (one, _), entry in zip(pairwise(before), entries, strict=True):
        computed = await gateway.rows(
            "SELECT encode(sha256(decode($1, 'hex') || convert_to($2, 'UTF8')), 'hex') AS hash",
            one,
            entry.text,
        )
        assert computed[0]["hash"] == digest(one, entry.text) == entry.hash
    assert json.loads(exported.read_text().splitlines()[-1]) == {"head": {"seq": 4, "hash": entries[-1].hash}}
