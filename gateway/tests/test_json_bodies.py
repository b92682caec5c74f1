"""JSON bodies are checked before they are transcoded: nothing unknown, nothing malformed, nothing twice."""

import json
import math

import httpx
import pytest
from google.protobuf import json_format
from google.protobuf.message_factory import GetMessageClass
from hypothesis import given, settings
from hypothesis import strategies as st

from rest_gateway.api import load_api
from rest_gateway.json_shape import check_shape
from rest_gateway.json_text import MAX_DEPTH, parse
from rest_gateway.refusal import JsonRefusedError
from rest_gateway_testing.edge import Edge, reason_of
from rest_gateway_testing.fakes import ZERO

API = load_api()
LOGIN = "/bloom.auth.v1.AuthService/Login"
CREATE_USER = "/bloom.auth.v1.DirectoryService/CreateUser"
GENERATE = "/bloom.ai.v1.AiService/Generate"
JSON = {"content-type": "application/json"}


def refused(rpc_path: str, body: object) -> JsonRefusedError:
    message = API.method(rpc_path).body_message
    assert message is not None
    with pytest.raises(JsonRefusedError) as caught:
        check_shape(parse(json.dumps(body).encode()), message)
    return caught.value


def accepted(rpc_path: str, body: object) -> None:
    message = API.method(rpc_path).body_message
    assert message is not None
    check_shape(parse(json.dumps(body).encode()), message)


def test_an_unknown_field_is_named_with_what_was_meant(anyone: httpx.Client) -> None:
    answer = anyone.post("/v1/auth:login", json={"email": "a", "pasword": "b"})
    assert (answer.status_code, reason_of(answer)) == (400, "UNKNOWN_FIELD")
    assert answer.json()["details"][0]["metadata"] == {"field": "pasword"}
    assert "did you mean password?" in answer.json()["message"]


def test_malformed_json_is_told_where(anyone: httpx.Client) -> None:
    answer = anyone.post("/v1/auth:login", content='{"email": "a",', headers=JSON)
    assert (answer.status_code, reason_of(answer)) == (400, "MALFORMED_JSON")
    assert "line 1, column" in answer.json()["message"]


def test_the_field_that_the_body_stands_for_is_checked(someone: httpx.Client) -> None:
    answer = someone.patch(f"/v1/contracts/{ZERO}0001", json={"contract": {"label": "x"}})
    assert (answer.status_code, reason_of(answer)) == (400, "UNKNOWN_FIELD")


def test_strangers_are_turned_away_before_their_body_is_read(anyone: httpx.Client) -> None:
    assert anyone.post("/v1/users", content="{nope", headers=JSON).status_code == 401


def test_reads_do_not_pass_the_check(edge: Edge, someone: httpx.Client) -> None:
    edge.backends.stop("strict_json")
    try:
        assert someone.get("/v1/me").status_code == 200
        answer = someone.post("/v1/auth:login", json={"email": "a", "password": "b"})
        assert (answer.status_code, reason_of(answer)) == (503, "DEPENDENCY_UNAVAILABLE")
    finally:
        edge.backends.start("strict_json")


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        '"x"',
        "null",
        "1",
        "{'a': 1}",
        '{"email": NaN}',
        '{"email": Infinity}',
        '{"email": "a", "email": "b"}',
        '{"email": "a"} {}',
        "[" * 100_000,
        '{"a":' * (MAX_DEPTH + 5) + "1" + "}" * (MAX_DEPTH + 5),
        '{"email": 1' + "0" * 5000 + "}",
    ],
)
def test_text_that_is_no_request(text: str) -> None:
    message = API.method(LOGIN).body_message
    assert message is not None
    with pytest.raises(JsonRefusedError) as caught:
        check_shape(parse(text.encode()), message)
    assert caught.value.reason == "MALFORMED_JSON"


def test_bytes_that_are_no_text() -> None:
    with pytest.raises(JsonRefusedError, match="UTF-8"):
        parse(b'{"email": "\xff"}')


@pytest.mark.parametrize(
    ("rpc_path", "body", "field"),
    [
        (LOGIN, {"email": 5}, "email"),
        (LOGIN, {"email": ["a"]}, "email"),
        (LOGIN, {"email": "\ud800"}, "email"),
        (CREATE_USER, {"user": "ada"}, "user"),
        (CREATE_USER, {"user": {"roles": "ROLE_OWNER"}}, "user.roles"),
        (CREATE_USER, {"user": {"roles": ["ROLE_OWNER", "KING"]}}, "user.roles[1]"),
        (CREATE_USER, {"user": {"disabled": "yes"}}, "user.disabled"),
        (CREATE_USER, {"user": {"create_time": "yesterday"}}, "user.create_time"),
        (GENERATE, {"prompt": {"max_tokens": 1.5}}, "prompt.max_tokens"),
        (GENERATE, {"prompt": {"max_tokens": 2**31}}, "prompt.max_tokens"),
        (GENERATE, {"prompt": {"max_tokens": True}}, "prompt.max_tokens"),
        (
            GENERATE,
            {"prompt": {"messages": [{"content": [{"text": {}, "document": {}}]}]}},
            "prompt.messages[0].content[0].document",
        ),
        *(
            (
                GENERATE,
                {"prompt": {"messages": [{"content": [{"image": {"data": data}}]}]}},
                "prompt.messages[0].content[0].image.data",
            )
            for data in ("\u0181", "a{bc", "abcde", "YQ=", "YQ===", "Y=Q=")
        ),
    ],
)
def test_values_of_the_wrong_kind_are_named(rpc_path: str, body: object, field: str) -> None:
    assert refused(rpc_path, body).field == field


def test_both_spellings_of_a_field_and_null_are_fine() -> None:
    accepted(CREATE_USER, {"user": {"display_name": "Ada", "email": None}, "requestId": "x"})
    accepted(
        GENERATE, {"prompt": {"max_tokens": "12", "messages": [{"content": [{"raw": {"any": [1, {}]}}]}]}}
    )
    assert (
        refused(CREATE_USER, {"user": {"display_name": "A", "displayName": "B"}}).field == "user.display_name"
    )


_NAMES = st.sampled_from(
    ["email", "password", "user", "display_name", "roles", "prompt", "messages", "other"]
)
_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_NAMES, inner, max_size=3),
    max_leaves=8,
)


@given(
    body=st.dictionaries(_NAMES, _VALUES, max_size=4),
    rpc_path=st.sampled_from([LOGIN, CREATE_USER, GENERATE]),
)
@settings(max_examples=150, deadline=None)
def test_what_passes_is_a_message(body: dict[str, object], rpc_path: str) -> None:
    message = API.method(rpc_path).body_message
    assert message is not None
    try:
        check_shape(parse(json.dumps(body).encode()), message)
    except JsonRefusedError:
        return
    read = json_format.ParseDict(body, GetMessageClass(message)())
    assert math.isfinite(len(read.SerializeToString()))
