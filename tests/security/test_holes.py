"""Holes that others published, closed here; docs/security/holes.md names the test of each."""

import re
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr

from ai_gateway.settings import AiGatewaySettings
from auth_service.settings import AuthSettings
from bloom.auth.v1 import auth_service_pb2
from contracts_service.settings import ContractsSettings
from local_mesh.credentials import Credentials
from tests.security.calls import outcome_of
from tests.support.client import PASSWORD
from tests.support.mesh import RunningMesh
from tests.support.naming import missing

TABLE = Path(__file__).parents[2] / "docs" / "security" / "holes.md"
GRANTING = re.compile("role|permission|scope|admin|owner_of|organization_id|tenant|disabled|verified")


def register(url: str, **more: object) -> httpx.Response:
    body = {"display_name": "Anybody", "email": "anybody@example.com", "password": PASSWORD, **more}
    return httpx.post(f"{url}/v1/organizations:register", json=body, trust_env=False, timeout=30)


@pytest.mark.parametrize(
    "wish",
    [
        {"role": "ROLE_OWNER"}, {"roles": ["ROLE_OWNER"]}, {"is_admin": True}, {"permissions": ["a.b"]},
        {"organization": "organizations/00000000-0000-0000-0000-000000000001"}, {"owner": {"roles": [1]}},
    ],
)  # fmt: skip
def test_nobody_writes_a_role_into_the_registration(mesh: RunningMesh, wish: dict[str, object]):
    answer = register(mesh.info.rest, **wish)
    assert (answer.status_code, outcome_of(answer).reason) == (400, "UNKNOWN_FIELD")


def test_a_registration_has_no_field_that_grants():
    fields = auth_service_pb2.RegisterOrganizationRequest.DESCRIPTOR.fields_by_name
    assert not [name for name in fields if GRANTING.search(name)]


def test_who_is_nobody_is_not_told_who_he_is(mesh: RunningMesh):
    for headers in ({}, {"authorization": ""}, {"authorization": "Bearer"}, {"x-user-id": "users/1"}):
        answer = httpx.get(f"{mesh.info.rest}/v1/me", headers=headers, trust_env=False, timeout=30)
        assert answer.status_code == 401
        assert outcome_of(answer).reason in ("TOKEN_MISSING", "TOKEN_INVALID")
        assert "users/" not in answer.text


@pytest.mark.parametrize("settings", [AuthSettings, ContractsSettings, AiGatewaySettings])
def test_no_secret_has_a_default(settings):
    """It is given, or there is none; nothing that was printed in a repository opens anything."""
    kept = {name: field for name, field in settings.model_fields.items() if "Secret" in str(field.annotation)}
    assert kept
    for name, field in kept.items():
        given = field.get_default(call_default_factory=True) if not field.is_required() else None
        plain = given.get_secret_value() if isinstance(given, SecretStr) else given
        assert not plain, f"{name} has a default"


def test_two_installations_have_no_secret_in_common():
    one, other = Credentials(), Credentials()
    for name in Credentials.__slots__:
        for first, second in zip(texts(getattr(one, name)), texts(getattr(other, name)), strict=True):
            assert first != second, name
            assert len(first) >= 32


def texts(value: str | dict[str, str]) -> list[str]:
    return [value] if isinstance(value, str) else list(value.values())


def test_every_hole_has_its_test():
    rows = [line for line in TABLE.read_text().splitlines() if line.startswith("| ")][1:]
    assert len(rows) >= 9
    for row in rows:
        named = re.findall(r"`([\w/.-]+::\w+)`", row)
        assert named, row
        assert not missing(named)
