"""Invitations from the mail to the membership, and everything that must not come of one."""

import asyncio
from dataclasses import replace

import pytest

from auth_service.links.model import LinkToken
from bloom.auth.v1 import directory_service_pb2, invitation_service_pb2, role_service_pb2
from bloom.options.v1 import policy_pb2
from service_runtime.errors import Reason
from services.auth.tests.conftest import PASSWORD, Caller, address

VIEWER, OWNER = policy_pb2.ROLE_VIEWER, policy_pb2.ROLE_OWNER
OWN = "seven-quiet-otters-4"


@pytest.fixture
async def inviter(mesh, owner) -> Caller:
    return await mesh.verified(owner)


async def invite(caller: Caller, email: str, *roles, custom: tuple[str, ...] = ()):
    request = invitation_service_pb2.CreateInvitationRequest(
        email=email, roles=roles or (VIEWER,), custom_roles=custom
    )
    return await caller.mesh.invitations.CreateInvitation(request, metadata=caller.metadata)


async def accept(mesh, token: str, password: str = OWN, name: str = "New Person"):
    request = invitation_service_pb2.AcceptInvitationRequest(
        token=token, password=password, display_name=name
    )
    return await mesh.invitations.AcceptInvitation(request)


async def preview(mesh, token: str):
    return await mesh.invitations.PreviewInvitation(
        invitation_service_pb2.PreviewInvitationRequest(token=token)
    )


async def withdraw(caller: Caller, name: str) -> None:
    request = invitation_service_pb2.DeleteInvitationRequest(name=name)
    await caller.mesh.invitations.DeleteInvitation(request, metadata=caller.metadata)


async def listed(caller: Caller, **page):
    request = invitation_service_pb2.ListInvitationsRequest(**page)
    return await caller.mesh.invitations.ListInvitations(request, metadata=caller.metadata)


async def test_a_stranger_follows_the_link_and_is_a_member(mesh, inviter, refusal):
    email = address()
    made = await invite(inviter, email.upper())
    assert (made.email, made.inviter) == (email, inviter.name)
    (letter,) = await mesh.mails(email)
    assert letter.subject == "Join Lakeside Hospital"
    token = await mesh.token_of(email, "invitation")
    offered = await preview(mesh, token)
    assert (offered.organization, offered.email, offered.has_account) == ("Lakeside Hospital", email, False)
    answer = await accept(mesh, token)
    assert (answer.user.email, list(answer.user.roles)) == (email, [VIEWER])
    member = await mesh.login(email, OWN)
    me = await member.me()
    assert (me.organization.name, me.email_verified) == (inviter.organization, True)
    assert (await refusal(accept(mesh, token))).reason is Reason.ERROR_REASON_LINK_INVALID
    assert not (await listed(inviter)).invitations
    assert {"invitation.created", "invitation.accepted"} <= set(await mesh.actions(inviter.org_id))
    assert token not in str(await mesh.audited(inviter.org_id))


async def test_who_has_an_account_brings_its_password(mesh, inviter, refusal):
    other = await mesh.register(display_name="Riverside Clinic")
    await invite(inviter, other.email)
    token = await mesh.token_of(other.email, "invitation")
    assert (await preview(mesh, token)).has_account
    wrong = await refusal(accept(mesh, token, OWN))
    assert wrong.reason is Reason.ERROR_REASON_CREDENTIALS_INVALID
    answer = await accept(mesh, token, PASSWORD)
    assert answer.user.name == other.name
    assert (await mesh.claims(answer.tokens.access_token))["org"] == str(inviter.org_id)
    # It still signs in where it began, and its roles there are its own.
    again = await mesh.login(other.email)
    assert again.organization == other.organization
    assert OWNER in (await again.me()).roles
    assert "invitation.refused" in await mesh.actions(inviter.org_id)


async def test_a_password_that_is_tried_at_a_link_is_counted(start, refusal):
    async with start(sign_in_tries=3) as mesh:
        inviter, other = await mesh.verified(await mesh.register()), await mesh.register()
        await invite(inviter, other.email)
        token = await mesh.token_of(other.email, "invitation")
        for _ in range(3):
            await refusal(accept(mesh, token, "not-it-at-all-7"))
        refused = await refusal(accept(mesh, token, PASSWORD))
        assert refused.reason is Reason.ERROR_REASON_SIGN_IN_THROTTLED


async def test_a_hundred_at_once_make_one_member(start):
    async with start(hashing_queue=200) as mesh:
        inviter, email = await mesh.verified(await mesh.register()), address()
        await invite(inviter, email)
        token = await mesh.token_of(email, "invitation")
        tries = await asyncio.gather(*(accept(mesh, token) for _ in range(100)), return_exceptions=True)
        assert sum(not isinstance(answer, Exception) for answer in tries) == 1
        assert (await mesh.actions(inviter.org_id)).count("invitation.accepted") == 1


async def test_a_weak_password_leaves_the_link(mesh, inviter, refusal):
    email = address()
    await invite(inviter, email)
    token = await mesh.token_of(email, "invitation")
    for weak in ("password1234", "short"):
        assert (await refusal(accept(mesh, token, weak))).reason is Reason.ERROR_REASON_PASSWORD_WEAK
    await accept(mesh, token)


async def test_the_newest_invitation_alone_works(mesh, inviter, refusal):
    email = address()
    await invite(inviter, email)
    first = await mesh.token_of(email, "invitation")
    await invite(inviter, email)
    assert (await refusal(accept(mesh, first))).reason is Reason.ERROR_REASON_LINK_INVALID
    (left,) = (await listed(inviter)).invitations
    await withdraw(inviter, left.name)
    second = await mesh.token_of(email, "invitation")
    assert (await refusal(preview(mesh, second))).reason is Reason.ERROR_REASON_LINK_INVALID
    assert (await refusal(withdraw(inviter, left.name))).reason is Reason.ERROR_REASON_NOT_FOUND


async def test_old_guessed_and_moved_links_are_refused(mesh, inviter, refusal):
    other, email = await mesh.register(), address()
    await invite(inviter, email)
    token = LinkToken.parse(await mesh.token_of(email, "invitation"))
    wrong = replace(token, org_id=other.org_id), replace(token, secret=bytes(32))
    for text in (*(item.encoded() for item in wrong), "x"):
        assert (await refusal(accept(mesh, text))).reason is Reason.ERROR_REASON_LINK_INVALID
    await mesh.rows("UPDATE invitations SET expires_at = now() WHERE org_id = $1", inviter.org_id)
    assert (await refusal(accept(mesh, token.encoded()))).reason is Reason.ERROR_REASON_LINK_INVALID
    assert not (await listed(inviter)).invitations


async def test_who_has_not_confirmed_the_own_email_sends_none(mesh, owner, refusal):
    assert (await refusal(invite(owner, address()))).reason is Reason.ERROR_REASON_EMAIL_UNVERIFIED
    assert (await mesh.rows("SELECT FROM invitations WHERE org_id = $1", owner.org_id)) == []


async def test_a_program_which_has_no_email_may_invite(mesh, owner, role):
    made = await owner.create_service_account(role.ADMIN)
    tokens = await mesh.issue(made.client_id, made.client_secret)
    program = Caller(mesh, tokens.access_token, organization=owner.organization)
    email = address()
    assert (await invite(program, email)).inviter == made.service_account.name
    assert (await accept(mesh, await mesh.token_of(email, "invitation"))).user.email == email


async def test_nobody_invites_to_more_than_he_has(mesh, inviter, role, refusal):
    admin = await mesh.member(inviter, role.ADMIN)
    await mesh.rows("UPDATE accounts SET verified_at = now() WHERE email = $1", admin.email)
    refused = await refusal(invite(admin, address(), OWNER))
    assert refused.reason is Reason.ERROR_REASON_PERMISSION_DENIED
    foreign = await (await mesh.register()).create_role("CONTRACTS_READ")
    unknown = await refusal(invite(admin, address(), custom=(foreign.name,)))
    assert unknown.reason is Reason.ERROR_REASON_NOT_FOUND
    viewer = await mesh.member(inviter, role.VIEWER)
    assert (await refusal(invite(viewer, address()))).reason is Reason.ERROR_REASON_PERMISSION_DENIED


async def test_a_custom_role_comes_with_it_and_is_held_by_it(mesh, inviter, refusal):
    made, email = await inviter.create_role("CONTRACTS_READ"), address()
    await invite(inviter, email, custom=(made.name,))
    request = role_service_pb2.DeleteRoleRequest(name=made.name)
    refused = await refusal(mesh.roles.DeleteRole(request, metadata=inviter.metadata))
    assert refused.reason is Reason.ERROR_REASON_STATE_FORBIDS
    answer = await accept(mesh, await mesh.token_of(email, "invitation"))
    assert list(answer.user.custom_roles) == [made.name]


async def test_a_member_is_not_invited_again(mesh, inviter, role, refusal):
    member = await inviter.create_user(role.VIEWER)
    for email in (member.email, inviter.email):
        assert (await refusal(invite(inviter, email))).reason is Reason.ERROR_REASON_ALREADY_EXISTS
    # Who becomes one in another way meanwhile does not become one twice.
    email = address()
    await invite(inviter, email)
    token = await mesh.token_of(email, "invitation")
    await inviter.create_user(role.VIEWER, email=email)
    assert (await refusal(accept(mesh, token, PASSWORD))).reason is Reason.ERROR_REASON_LINK_INVALID


async def test_an_organization_does_not_flood_mail_boxes(mesh, inviter, refusal, monkeypatch):
    from auth_service.throttle.model import of_invitations

    await invite(inviter, address())
    await mesh.rows("UPDATE sign_in_tries SET tries = 200 WHERE key = $1", of_invitations(inviter.org_id))
    refused = await refusal(invite(inviter, address()))
    assert refused.reason is Reason.ERROR_REASON_RATE_LIMITED


async def test_another_organization_sees_none(mesh, inviter, refusal):
    made, stranger = await invite(inviter, address()), await mesh.register()
    assert not (await listed(stranger)).invitations
    assert (await refusal(withdraw(stranger, made.name))).reason is Reason.ERROR_REASON_NOT_FOUND


async def test_pages_have_all_of_them_once(mesh, inviter):
    made = [(await invite(inviter, address())).name for _ in range(5)]
    found, token = [], ""
    while True:
        page = await listed(inviter, page_size=2, page_token=token)
        found += [item.name for item in page.invitations]
        token = page.next_page_token
        if not token:
            break
    assert found == made[::-1]


async def test_the_invited_are_in_the_directory(mesh, inviter):
    email = address()
    await invite(inviter, email)
    answer = await accept(mesh, await mesh.token_of(email, "invitation"))
    request = directory_service_pb2.GetUserRequest(name=answer.user.name)
    user = await mesh.directory.GetUser(request, metadata=inviter.metadata)
    assert (user.email, user.display_name) == (email, "New Person")
