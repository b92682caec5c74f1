"""One person in several organizations: a session in each, and nothing of one in another."""

import time

import pytest

from bloom.auth.v1 import membership_service_pb2
from service_runtime.errors import Reason
from services.auth.tests.conftest import PASSWORD, Caller
from services.auth.tests.second_factors import Factors
from services.auth.tests.test_invitations import accept, invite


@pytest.fixture
async def both(mesh, owner) -> tuple[Caller, Caller]:
    """A viewer of the owner's organization who owns another, and the owner."""
    person = await mesh.register(display_name="Riverside Clinic")
    await invite(await mesh.verified(owner), person.email)
    await accept(mesh, await mesh.token_of(person.email, "invitation"), PASSWORD)
    return person, owner


async def organizations(caller: Caller) -> list[tuple[str, str, bool]]:
    request = membership_service_pb2.ListMembershipsRequest()
    answer = await caller.mesh.memberships.ListMemberships(request, metadata=caller.metadata)
    return [(item.organization, item.display_name, item.current) for item in answer.memberships]


async def switch(caller: Caller, organization: str):
    request = membership_service_pb2.SwitchOrganizationRequest(organization=organization)
    return await caller.mesh.memberships.SwitchOrganization(request, metadata=caller.metadata)


async def test_a_person_sees_both_and_switches(mesh, both):
    person, owner = both
    assert await organizations(person) == [
        (person.organization, "Riverside Clinic", True),
        (owner.organization, "Lakeside Hospital", False),
    ]
    answer = await switch(person, owner.organization)
    before, there = await mesh.claims(person.access_token), await mesh.claims(answer.tokens.access_token)
    assert there["org"] == str(owner.org_id)
    assert "users.write" in before["perms"]
    assert "users.write" not in there["perms"]
    assert (await mesh.refresh(answer.tokens.refresh_token)).access_token
    assert (await person.me()).organization.name == person.organization
    assert "session.switched" in await mesh.actions(person.org_id)
    assert "session.began" in await mesh.actions(owner.org_id)


async def test_a_switch_is_no_new_proof_of_who_one_is(mesh, both):
    person, owner = both
    await mesh.rows(
        "UPDATE sessions SET authenticated_at = now() - interval '1 hour' WHERE org_id = $1", person.org_id
    )
    claims = await mesh.claims((await switch(person, owner.organization)).tokens.access_token)
    assert time.time() - claims["auth_time"] > 3500


async def test_a_factor_there_is_asked_for(mesh, both):
    person, owner = both
    answer = await switch(person, owner.organization)
    claims = await mesh.claims(answer.tokens.access_token)
    there = Caller(mesh, answer.tokens.access_token, organization=f"organizations/{claims['org']}")
    await Factors(there).add_totp()
    again = await switch(person, owner.organization)
    assert again.challenge.token
    assert not again.HasField("tokens")


async def test_an_organization_that_does_not_let_him_in_is_not_found(mesh, both, refusal):
    person, owner = both
    stranger = await mesh.register()
    for name in (stranger.organization, f"organizations/{'0' * 8}-0000-4000-8000-{'0' * 12}"):
        assert (await refusal(switch(person, name))).reason is Reason.ERROR_REASON_NOT_FOUND
    user = await owner.get_user(person.name)
    user.disabled = True
    await owner.update_user(user, "disabled")
    assert (await refusal(switch(person, owner.organization))).reason is Reason.ERROR_REASON_NOT_FOUND
    assert [name for name, _, _ in await organizations(person)] == [person.organization]


async def test_an_ended_session_leads_nowhere(mesh, both, refusal):
    person, owner = both
    await mesh.logout(person.refresh_token)
    refused = await refusal(switch(person, owner.organization))
    assert refused.reason is Reason.ERROR_REASON_TOKEN_INVALID


async def test_a_key_belongs_to_one_organization(mesh, both, refusal):
    person, owner = both
    key = await mesh.with_key((await person.create_key("CONTRACTS_READ")).key)
    assert (await refusal(switch(key, owner.organization))).reason is Reason.ERROR_REASON_NOT_FOUND
    assert (await refusal(switch(key, person.organization))).reason is Reason.ERROR_REASON_STATE_FORBIDS
    assert len(await organizations(key)) == 1


async def test_who_was_shut_out_at_home_signs_in_elsewhere(mesh, both, role):
    person, owner = both
    second = await person.create_user(role.OWNER)
    user = await person.get_user(person.name)
    user.disabled = True
    await (await mesh.login(second.email)).update_user(user, "disabled")
    assert (await mesh.login(person.email)).organization == owner.organization


async def test_a_new_password_ends_sessions_in_both(mesh, both, refusal):
    from services.auth.tests.test_passwords_by_mail import change

    person, owner = both
    there = (await switch(person, owner.organization)).tokens
    await change(person)
    refused = await refusal(mesh.refresh(there.refresh_token))
    assert refused.reason is Reason.ERROR_REASON_TOKEN_INVALID
    assert (await mesh.refresh(person.refresh_token)).access_token
