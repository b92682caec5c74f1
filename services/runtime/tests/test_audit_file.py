"""An exported audit chain is checked with the file alone: whatever was done to it is found."""

import base64
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jws, jwt
from joserfc.jwk import ECKey, KeySet, OKPKey

from service_runtime.audit import canonical
from service_runtime.audit_file import key_ids, verify_file
from service_runtime.chain_file import BrokenChainError, Entry, Fault, Head, digest, export_line, head_line
from service_runtime.errors import DomainError
from service_runtime.identity import ACCESS_TYPE, AUDIENCE, ISSUER, TokenVerifier
from service_runtime.signed_head import TYPE, BrokenSealError, Seal, Statement, key_id, read, sign

KEY, STRANGER = ECKey.generate_key("P-256"), ECKey.generate_key("P-256")
ORG, OTHER = UUID(int=1), UUID(int=2)
AT = datetime(2026, 11, 23, 14, 0, 0, 5, UTC)
actions = st.lists(st.text("abc. ☂\u2028\n", min_size=1, max_size=12), min_size=1, max_size=6)


def chain_of(told: Sequence[str], org: UUID = ORG) -> list[Entry]:
    entries, before = [], Head().hash
    for seq, action in enumerate(told, start=1):
        event = {"seq": seq, "org": str(org), "at": AT.isoformat(), "action": action, "actor": "users/1"}
        text = canonical(event).decode()
        before = digest(before, text)
        entries.append(Entry(seq, text, before))
    return entries


def sealed(head: Head, key: ECKey = KEY, org: UUID = ORG) -> Head:
    statement = Statement(org, head.seq, head.hash, AT)
    return Head(head.seq, head.hash, sign(statement, key.thumbprint(), key))


def lines_of(told: Sequence[str], key: ECKey = KEY, org: UUID = ORG) -> list[bytes]:
    entries = chain_of(told, org)
    head = sealed(Head(entries[-1].seq, entries[-1].hash) if entries else Head(), key, org)
    return [line.encode() for line in (*map(export_line, entries), head_line(head))]


def fault(lines: Sequence[bytes], *known: Head) -> BrokenChainError:
    with pytest.raises(BrokenChainError) as broken:
        verify_file(lines, *known)
    return broken.value


@given(st.lists(st.sampled_from(["session.began", "☂"]), max_size=5))
def test_a_whole_chain_passes_and_tells_who_signed_it(told: list[str]) -> None:
    tally, signed = verify_file(lines_of(told))
    assert tally.head.seq == signed.head.seq == len(told)
    assert (signed.org_id, signed.kid, signed.at) == (str(ORG), KEY.thumbprint(), AT)
    assert tally.actions.total() == len(told)


@given(actions, st.data())
def test_any_changed_byte_is_found(told: list[str], data: st.DataObject) -> None:
    content = bytearray(b"".join(lines_of(told)))
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] ^= data.draw(st.integers(1, 255))
    fault(bytes(content).splitlines(keepends=True))


def test_every_byte_of_the_signed_head_counts() -> None:
    """Base64 has letters with bits to spare, and each of them was tried."""
    *entries, head = lines_of(["session.began"])
    for place in range(len(head)):
        for letter in b'AQgw-_01"{}, ':
            if head[place] != letter:
                fault([*entries, head[:place] + bytes([letter]) + head[place + 1 :]])
    last = len(head) - len(b'"}\n') - 1
    for letter in set(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") - {head[last]}:
        fault([*entries, head[:last] + bytes([letter]) + head[last + 1 :]])


@given(actions, st.data())
def test_any_dropped_swapped_or_doubled_line_is_found(told: list[str], data: st.DataObject) -> None:
    lines = lines_of(told)
    one = data.draw(st.integers(0, len(lines) - 1))
    fault([*lines[:one], *lines[one + 1 :]])
    fault([*lines[: one + 1], *lines[one:]])
    fault([*lines, lines[one]])
    other = data.draw(st.integers(0, len(lines) - 1).filter(lambda place: place != one))
    lines[one], lines[other] = lines[other], lines[one]
    fault(lines)


@given(actions, st.data())
def test_a_file_cut_anywhere_is_found(told: list[str], data: st.DataObject) -> None:
    content = b"".join(lines_of(told))
    fault(content[: data.draw(st.integers(0, len(content) - 1))].splitlines(keepends=True))


@given(actions, actions)
def test_a_chain_that_was_written_anew_does_not_fit_the_signature(told: list[str], other: list[str]) -> None:
    """All hashes are right and the head is the chain's: only the key is missing."""
    if told == other:
        other = [*other, "more"]
    entries, seal = chain_of(other), sealed(Head(len(told), chain_of(told)[-1].hash)).seal
    forged = Head(entries[-1].seq, entries[-1].hash, seal)
    lines = [line.encode() for line in (*map(export_line, entries), head_line(forged))]
    assert fault(lines).fault is Fault.UNSIGNED


@given(actions, actions)
def test_a_chain_that_was_written_anew_and_signed_is_found_by_an_older_head(
    told: list[str], other: list[str]
) -> None:
    older = verify_file(lines_of(told))[1].head
    assert verify_file(lines_of([*told, *other]), older)[0].head.seq == len(told) + len(other)
    if other[: len(told)] != told:
        assert fault(lines_of(other), older).fault in (Fault.CHANGED, Fault.CUT)
    # Each of several heads is looked at, not only the first.
    fits = Head(1, chain_of(told)[0].hash)
    assert fault(lines_of(told), fits, Head(1, "0" * 64)).fault is Fault.CHANGED


def test_a_strangers_signature_is_told_by_its_key() -> None:
    published = json.dumps({"keys": [{**KEY.as_dict(private=False), "kid": STRANGER.thumbprint()}]}).encode()
    own, forged = (verify_file(lines_of(["a"], key))[1] for key in (KEY, STRANGER))
    assert own.kid in key_ids(published)
    # What a key says of itself does not count.
    assert forged.kid not in key_ids(published)


def test_events_of_another_organization_or_place_are_found() -> None:
    foreign = lines_of(["a"], org=OTHER)
    entries = chain_of(["a"], OTHER)
    own_head = head_line(sealed(Head(1, entries[0].hash))).encode()
    assert fault([foreign[0], own_head]).fault is Fault.UNSIGNED

    text = entries[0].text.replace('"seq":1', '"seq":7')
    moved = Entry(1, text, digest(Head().hash, text))
    head = sealed(Head(1, moved.hash), org=OTHER)
    assert fault([export_line(moved).encode(), head_line(head).encode()]).fault is Fault.CHANGED


@pytest.mark.parametrize("text", ["", "[]", "1", "{}", '{"seq":true,"org":"","at":"","action":""}'])
def test_what_is_no_event_is_found(text: str) -> None:
    entry = Entry(1, text, digest(Head().hash, text))
    lines = [export_line(entry).encode(), head_line(sealed(Head(1, entry.hash))).encode()]
    assert str(fault(lines)) == "Record 1 is no event of an audit chain."


def test_a_head_without_signature_is_no_line_of_it() -> None:
    entries = chain_of(["a"])
    lines = [export_line(entries[0]).encode(), head_line(Head(1, entries[0].hash)).encode()]
    assert fault(lines).fault is Fault.UNREADABLE


def signature(header: dict[str, object], payload: bytes, key: ECKey = KEY) -> Seal:
    text = jws.serialize_compact({"alg": "ES256", **header}, payload, key, algorithms=["ES256"])
    return Seal(text, {name: KEY.as_dict(private=False)[name] for name in ("crv", "kty", "x", "y")})


def test_only_what_was_signed_as_a_head_is_one() -> None:
    statement = Statement(ORG, 1, "0" * 64, AT).text()
    kid = KEY.thumbprint()
    good = signature({"typ": TYPE, "kid": kid}, statement)
    assert read(good)[1] == kid
    for wrong in (
        signature({"typ": ACCESS_TYPE, "kid": kid}, statement),
        signature({"kid": kid}, statement),
        signature({"typ": TYPE, "kid": STRANGER.thumbprint()}, statement),
        signature({"typ": TYPE}, statement),
        signature({"typ": TYPE, "kid": kid}, statement, STRANGER),
        signature({"typ": TYPE, "kid": kid}, statement.replace(b'":', b'": ')),
        signature({"typ": TYPE, "kid": kid}, b"[]"),
        Seal(good.signature, {**good.key, "kid": kid}),
        Seal("", {}),
        Seal("a.b.c", {"crv": "P-256", "kty": "EC", "x": "", "y": ""}),
    ):
        with pytest.raises(BrokenSealError):
            read(wrong)
    unsigned = base64.urlsafe_b64encode(canonical({"alg": "none", "typ": TYPE, "kid": kid})).decode()
    body = base64.urlsafe_b64encode(statement).decode()
    with pytest.raises(BrokenSealError):
        read(Seal(f"{unsigned.rstrip('=')}.{body.rstrip('=')}.", signature({}, b"").key))


async def test_a_signed_head_never_passes_as_a_token() -> None:
    """Not even one that says all that a token says."""

    class Published:
        async def fetch(self) -> KeySet:
            return KeySet.import_key_set(
                {"keys": [{**KEY.as_dict(private=False), "kid": KEY.thumbprint(), "alg": "ES256"}]}
            )

    verifier = TokenVerifier(Published())
    claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": "users/1", "exp": 2**33, "org": str(ORG), "perms": []}
    header = {"alg": "ES256", "kid": KEY.thumbprint()}
    good = jwt.encode({**header, "typ": ACCESS_TYPE}, claims, KEY)
    assert (await verifier.claims(good, ACCESS_TYPE))["sub"] == "users/1"
    seal = sealed(Head(1, "0" * 64)).seal
    for token in (jwt.encode({**header, "typ": TYPE}, claims, KEY), seal.signature if seal else ""):
        with pytest.raises(DomainError):
            await verifier.claims(token, ACCESS_TYPE)


@pytest.mark.parametrize(
    "published", [b"", b"[]", b"{}", b'{"keys":1}', b'{"keys":[1]}', b'{"keys":[{"kty":"EC"}]}']
)
def test_what_is_no_key_set_is_refused(published: bytes) -> None:
    with pytest.raises(ValueError):
        key_ids(published)


@pytest.mark.parametrize("key", [KEY, OKPKey.generate_key("Ed25519")], ids=["ES256", "Ed25519"])
def test_either_kind_of_key_signs_and_its_id_is_its_thumbprint(key) -> None:
    statement = Statement(ORG, 1, "0" * 64, AT)
    seal = sign(statement, key.thumbprint(), key)
    assert read(seal) == (statement, key.thumbprint())
    assert key_id(key.as_dict(private=False)) == key.thumbprint()
    assert "d" not in seal.key
