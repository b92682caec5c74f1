"""The least valid request of any method, built from its descriptor."""

import re
import uuid
from collections.abc import Mapping

import protovalidate
import pytest
from google.api import field_behavior_pb2, resource_pb2
from google.protobuf import json_format, message_factory
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from buf.validate import validate_pb2
from tests.security.schema import Rpc

Resources = Mapping[str, str]
# Only what no rule of a single field says: rules over several fields, and text that must mean something.
MEANT: dict[str, dict[str, object]] = {
    "CreateUser": {"user": {"email": "{email}", "roles": ["ROLE_VIEWER"]}},
    "UpdateUser": {"user": {"display_name": "y"}},
    "EndSessions": {"keep_current": True},
    "SearchContracts": {"query": "xxx"},
    "CreateHold": {"hold": {"display_name": "y"}},
    "CreateRetentionClass": {"retention_class": {"display_name": "y", "anchor": 1, "disposal": 1}},
    "UpdateRetentionClass": {"retention_class": {"display_name": "y"}},
    "SignAuditHead": {"hash": "0" * 64},
    "IssueToken": {"client_id": "xxx", "client_secret": "xxx"},
    "CreateApiKey": {"scopes": ["PERMISSION_CONTRACTS_READ"]},
    "CompleteLogin": {"totp_code": "123456"},
    "StepUp": {"totp_code": "123456"},
    "ConfirmTotpEnrolment": {"code": "123456"},
    "CreateRole": {"permissions": ["PERMISSION_CONTRACTS_READ"]},
    "UpdateRole": {"role": {"display_name": "y"}},
    "CreateSsoConnection": {
        "connection": {
            "display_name": "x",
            "issuer": "https://login.example.com",
            "client_id": "x",
            "client_secret": "x",
            "roles": ["ROLE_VIEWER"],
        }
    },
    "UpdateSsoConnection": {"connection": {"display_name": "y"}},
    "AddSsoDomain": {"domain": "matrix.example"},
    "VerifySsoDomain": {"domain": "nowhere.example"},
    "StartSso": {"email": "somebody@nowhere.example"},
    "UpdateContract": {"contract": {"label": "y"}},
    "CreateContract": {"contract": {"label": "y"}},
    "CorrectCell": {"value": "15", "unit": "years"},
    "AttachDocument": {
        "filename": "agreement.txt",
        "content": {"data": "QW5vdGhlciB0ZXJtIG9mIG5pbmUgKDkpIHllYXJzLg=="},
    },
    "CreateColumnSet": {"column_set": {"display_name": "y", "fields": ["capacity"]}},
    "CreateSavedSearch": {"saved_search": {"display_name": "y", "filter": "capacity_kw > 1"}},
    "UpdateSavedSearch": {"saved_search": {"display_name": "y"}},
    "UpdateColumnSet": {"column_set": {"display_name": "y"}},
    "UploadContract": {
        "filename": "agreement.txt",
        "content": {"data": "QSB0ZXJtIG9mIHRlbiAoMTApIHllYXJzLg=="},
    },
    "UploadArchive": {
        "filename": "contracts.zip",
        # A ZIP of one text.
        "content": {
            "data": (
                "UEsDBBQAAAAIAC4eeF3qNpJuGwAAABkAAAAFAAAAYS50eHRzVChJLcpVyE9TyMvMS1XQsNRUqExNLCrWAwBQSwECFA"
                "MUAAAACAAuHnhd6jaSbhsAAAAZAAAABQAAAAAAAAAAAAAAgAEAAAAAYS50eHRQSwUGAAAAAAEAAQAzAAAAPgAAAAAA"
            )
        },
    },
    "Generate": {"prompt": {"messages": [{"role": 1, "content": [{"text": {"text": "hello"}}]}]}},
    "StreamGenerate": {"prompt": {"messages": [{"role": 1, "content": [{"text": {"text": "hello"}}]}]}},
    "UpdateBudget": {"budget": {"name": "budgets/matrix", "period": 1, "limit_micro_usd": 10**12}},
    "CreateBatch": {
        "items": [
            {
                "custom_id": "a",
                "prompt": {"task": "x", "messages": [{"role": 1, "content": [{"text": {"text": "hello"}}]}]},
            }
        ]
    },
    "EstimateCost": {"calls": [{"usage": {"input_tokens": 1}, "count": 1}]},
    "CountTokens": {"prompt": {"messages": [{"role": 1, "content": [{"text": {"text": "hello"}}]}]}},
}
# What stands below a contract.
_BELOW = {
    "record": "/record",
    "family": "/family",
    "revisions": "/revisions/1",
    "fields": "/fields/term_years",
    "keeping": "/keeping",
    "links": f"/links/{uuid.UUID(int=1)}",
    "contradictions": f"/contradictions/{'0' * 32}",
}
_OF_A_CONTRACT = {"records": "record", "families": "family", "links": "links"}
PASSWORD = "correct horse battery staple 7"


def least_request(rpc: Rpc, resources: Resources) -> Message:
    """Fails the test when what is built breaks the schema's rules: then `MEANT` must say more."""
    request = message_factory.GetMessageClass(rpc.descriptor.input_type)()
    _fill(request, resources, named="update_mask" in request.DESCRIPTOR.fields_by_name)
    meant = _with_fresh_email(MEANT.get(rpc.name, {}))
    json_format.ParseDict(meant, request)
    broken = protovalidate.collect_violations(request)
    if broken:
        pytest.fail(f"no request can be built for {rpc}: {[item.proto.message for item in broken]}")
    return request


def name_of(kind: str, resource: uuid.UUID) -> str:
    """A name that nothing else has; those of budgets are tasks, which have no hyphens."""
    return f"{kind}/{resource.hex if kind == 'budgets' else resource}"


def names_a_resource(rpc: Rpc) -> bool:
    """Whether the method is about one resource of an organization."""
    marked = least_request(rpc, _Marked())
    return _Marked.ID.hex in str(marked).replace("-", "")


class _Marked(dict[str, str]):
    ID = uuid.UUID("99999999-9999-4999-8999-999999999999")

    def __missing__(self, kind: str) -> str:
        return name_of(kind, self.ID)


def _fill(message: Message, resources: Resources, *, named: bool) -> None:
    resource = message.DESCRIPTOR.GetOptions().Extensions[resource_pb2.resource]
    if resource.plural and named:
        message.name = _name_of(resource.plural, resources)
    for field in message.DESCRIPTOR.fields:
        if _is_required(field):
            _set(message, field, resources, named=named)


def _name_of(plural: str, resources: Resources) -> str:
    """What stands below a contract has its name."""
    below = _OF_A_CONTRACT.get(plural)
    return resources["contracts"] + _BELOW[below] if below else resources[plural]


def _is_required(field: FieldDescriptor) -> bool:
    options = field.GetOptions()
    return (
        field_behavior_pb2.REQUIRED in options.Extensions[field_behavior_pb2.field_behavior]
        or options.Extensions[validate_pb2.field].required
    )


def _set(message: Message, field: FieldDescriptor, resources: Resources, *, named: bool) -> None:
    if field.message_type is not None and not field.is_repeated:
        inner = getattr(message, field.name)
        inner.SetInParent()
        _fill(inner, resources, named=named)
    elif field.is_repeated:
        getattr(message, field.name).append(_scalar(field, resources))
    else:
        setattr(message, field.name, _scalar(field, resources))


def _scalar(field: FieldDescriptor, resources: Resources) -> object:
    if field.enum_type is not None:
        return field.enum_type.values[-1].number
    if field.type != FieldDescriptor.TYPE_STRING:
        return 1
    declared = field.GetOptions().Extensions[validate_pb2.field]
    rules = declared.repeated.items.string if field.is_repeated else declared.string
    collection = re.match(r"\^\(?(\w+)[|\w]*\)?/", rules.pattern)
    if collection:
        below = re.search(rf"/({'|'.join(_BELOW)})\b", rules.pattern)
        return resources[collection[1]] + (_BELOW[below[1]] if below else "")
    if rules.email or field.name == "email":
        return _email()
    return PASSWORD if field.name == "password" else "x" * max(rules.min_len, 3)


def _with_fresh_email(meant: dict[str, object]) -> dict[str, object]:
    text = str(meant)
    return meant if "{email}" not in text else {"user": {**meant["user"], "email": _email()}}  # type: ignore[dict-item]


def _email() -> str:
    return f"{uuid.uuid4()}@example.com"
