"""RegisterOrganization: all or nothing, and never a role from outside."""

import asyncio
from uuid import uuid4

import pytest

from auth_service.sessions import store as sessions
from bloom.auth.v1 import directory_service_pb2


async def test_the_owner_is_signed_in_at_once(mesh, role):
    owner = await mesh.register(owner_display_name="Ada")
    me = await owner.me()
    assert me.display_name == "Ada"
    assert (me.subject, me.organization.name, me.email) == (owner.name, owner.organization, owner.email)
    assert list(me.roles) == [role.OWNER]
    assert "users.write" in me.permissions
    assert (await mesh.login(owner.email)).name == owner.name
    assert await mesh.actions(owner.org_id) == ["organization.registered", "session.began", "session.began"]


async def test_the_organization_is_read_by_its_members_only(mesh, owner, refusal):
    other = await mesh.register(display_name="Elsewhere")
    request = directory_service_pb2.GetOrganizationRequest(name=owner.organization)
    found = await mesh.directory.GetOrganization(request, metadata=owner.metadata)
    assert found.display_name == "Lakeside Hospital"
    foreign = await refusal(mesh.directory.GetOrganization(request, metadata=other.metadata))
    request.name = f"organizations/{uuid4()}"
    missing = await refusal(mesh.directory.GetOrganization(request, metadata=other.metadata))
    assert foreign.reason_name == missing.reason_name == "NOT_FOUND"


async def test_an_email_has_one_account_however_it_is_written(mesh, owner, refusal):
    refused = await refusal(mesh.register(email=owner.email.upper()))
    assert refused.reason_name == "ALREADY_EXISTS"
    assert refused.metadata == {"name": owner.email}


async def test_of_parallel_registrations_one_wins_and_nothing_is_left_of_the_others(mesh):
    email, name = f"{uuid4().hex}@mail.example", uuid4().hex
    tries = [
        mesh.register(email=email, display_name=name, password="unrelated-lamp-violet") for _ in range(6)
    ]
    done = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(not isinstance(one, BaseException) for one in done) == 1
    assert len(await mesh.rows("SELECT FROM organizations WHERE display_name = $1", name)) == 1
    assert len(await mesh.rows("SELECT FROM users WHERE email = $1", email)) == 1


async def test_a_fault_in_the_last_step_leaves_nothing(mesh, monkeypatch, refusal):
    async def fail(*_arguments: object) -> None:
        raise RuntimeError("the disk is gone")

    name = uuid4().hex
    monkeypatch.setattr(sessions, "insert", fail)
    refused = await refusal(mesh.register(display_name=name, password="unrelated-lamp-violet"))
    assert refused.reason_name == "INTERNAL"
    assert "disk" not in refused.message
    assert not await mesh.rows("SELECT FROM organizations WHERE display_name = $1", name)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"display_name": ""}, "display_name"),
        ({"email": "no-address"}, "email"),
        ({"password": "short"}, "password"),
        ({"display_name": "a\nb"}, "display_name"),
    ],
)
async def test_fields_that_break_their_rule_are_named(mesh, refusal, fields, field):
    refused = await refusal(mesh.register(**fields))
    assert refused.reason_name == "INVALID_FIELD"
    assert field in refused.message


async def test_a_weak_password_is_refused_with_its_reason(mesh, refusal):
    refused = await refusal(mesh.register(password="lakeside-hospital-1"))
    assert refused.reason_name == "PASSWORD_WEAK"
    assert "organization" in refused.message
