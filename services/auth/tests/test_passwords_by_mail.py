"""Passwords that are forgotten or changed, e-mails that are confirmed, and how neither works."""

import asyncio
import base64
import logging
from dataclasses import replace

import grpc
import pytest

from auth_service.links.model import LinkToken
from bloom.auth.v1 import account_service_pb2, auth_service_pb2, membership_service_pb2
from service_runtime.errors import Reason
from services.auth.tests.conftest import PASSWORD, Caller, address
from services.auth.tests.second_factors import Factors

NEW = "seven-quiet-otters-4"


async def ask(mesh, email: str, metadata=()):
    request = account_service_pb2.RequestPasswordResetRequest(email=email)
    return await mesh.accounts.RequestPasswordReset(request, metadata=metadata)


async def reset(mesh, token: str, password: str = NEW) -> None:
    await mesh.accounts.ResetPassword(
        account_service_pb2.ResetPasswordRequest(token=token, password=password)
    )


async def change(caller: Caller, current: str = PASSWORD, password: str = NEW) -> None:
    request = account_service_pb2.ChangePasswordRequest(current_password=current, password=password)
    await caller.mesh.accounts.ChangePassword(request, metadata=caller.metadata)


async def verify(mesh, token: str) -> None:
    await mesh.accounts.VerifyEmail(account_service_pb2.VerifyEmailRequest(token=token))


async def ask_to_verify(caller: Caller) -> None:
    request = account_service_pb2.RequestEmailVerificationRequest()
    await caller.mesh.accounts.RequestEmailVerification(request, metadata=caller.metadata)


async def links_to(mesh, email: str) -> int:
    return sum("/reset?" in letter.link for letter in await mesh.mails(email))


async def test_a_reset_sets_the_password_and_ends_sessions_and_other_links(mesh, owner, refusal, caplog):
    with caplog.at_level(logging.DEBUG, logger="bloom"):
        await ask(mesh, owner.email)
        first = await mesh.token_of(owner.email, "reset")
        await ask(mesh, owner.email)
        second = await mesh.token_of(owner.email, "reset")
        await reset(mesh, first)
    assert first != second
    assert (await mesh.login(owner.email, NEW)).name == owner.name
    assert (await refusal(mesh.login(owner.email))).reason is Reason.ERROR_REASON_CREDENTIALS_INVALID
    assert (await refusal(mesh.refresh(owner.refresh_token))).reason is Reason.ERROR_REASON_TOKEN_INVALID
    for used in (first, second):
        assert (await refusal(reset(mesh, used))).reason is Reason.ERROR_REASON_LINK_INVALID
    assert first not in caplog.text
    assert first not in str(await mesh.audited(owner.org_id))
    assert {"password.reset_requested", "password.reset"} <= set(await mesh.actions(owner.org_id))
    told = (await mesh.mails(owner.email))[-1]
    assert told.subject == "Your sign-in was changed"
    assert (await (await mesh.login(owner.email, NEW)).me()).email_verified


async def answered(caller: Caller) -> bool:
    try:
        await caller.me()
    except grpc.aio.AioRpcError:
        return False
    return True


async def test_a_reset_calls_access_tokens_back(start, valkey_url, refusal):
    async with start(redis_url=valkey_url, revocation_seconds=0.02) as mesh:
        owner = await mesh.register()
        await ask(mesh, owner.email)
        await reset(mesh, await mesh.token_of(owner.email, "reset"))
        async with asyncio.timeout(10):
            while await answered(owner):  # noqa: ASYNC110 nobody tells of it unasked
                await asyncio.sleep(0.01)
        assert (await refusal(owner.me())).reason is Reason.ERROR_REASON_TOKEN_REVOKED


async def test_an_unknown_email_is_answered_alike_and_gets_no_mail(mesh, owner):
    unknown = address()
    assert await ask(mesh, unknown) == await ask(mesh, owner.email)
    assert (await links_to(mesh, owner.email), await mesh.mails(unknown)) == (1, [])


async def test_the_same_work_is_done_for_an_unknown_email(mesh, owner, work):
    done = []
    for email in (owner.email, address()):
        work.clear()
        await ask(mesh, email)
        done.append(dict(work))
    assert done[0] == done[1]


async def test_a_hundred_tries_at_once_set_one_password(start):
    async with start(hashing_queue=200) as mesh:
        owner = await mesh.register()
        await ask(mesh, owner.email)
        token = await mesh.token_of(owner.email, "reset")
        tries = await asyncio.gather(*(reset(mesh, token) for _ in range(100)), return_exceptions=True)
        assert sum(answer is None for answer in tries) == 1
        assert (await mesh.actions(owner.org_id)).count("password.reset") == 1


async def test_a_weak_password_is_refused_and_the_link_still_works(mesh, owner, refusal):
    await ask(mesh, owner.email)
    token = await mesh.token_of(owner.email, "reset")
    for weak in ("password1234", "lakeside-hospital-1"):
        assert (await refusal(reset(mesh, token, weak))).reason is Reason.ERROR_REASON_PASSWORD_WEAK
    await reset(mesh, token)


@pytest.mark.parametrize("change_of_row", ["expires_at = now()", "purpose = 2"])
async def test_an_old_link_and_one_for_something_else_are_refused(mesh, owner, refusal, change_of_row):
    await ask(mesh, owner.email)
    token = await mesh.token_of(owner.email, "reset")
    await mesh.rows(f"UPDATE links SET {change_of_row} WHERE org_id = $1", owner.org_id)
    assert (await refusal(reset(mesh, token))).reason is Reason.ERROR_REASON_LINK_INVALID


async def test_a_link_opens_nothing_in_another_organization(mesh, owner, refusal):
    other = await mesh.register()
    await ask(mesh, owner.email)
    token = LinkToken.parse(await mesh.token_of(owner.email, "reset"))
    moved, guessed = replace(token, org_id=other.org_id), replace(token, secret=bytes(32))
    bare = base64.urlsafe_b64encode(token.secret).decode()
    for wrong in (moved.encoded(), guessed.encoded(), "x", bare):
        assert (await refusal(reset(mesh, wrong))).reason is Reason.ERROR_REASON_LINK_INVALID


async def test_who_is_disabled_everywhere_gets_no_link(mesh, owner, role):
    user = await owner.create_user(role.VIEWER)
    user.disabled = True
    await owner.update_user(user, "disabled")
    await ask(mesh, user.email)
    assert await mesh.mails(user.email) == []


async def test_who_is_disabled_after_asking_sets_no_password(mesh, owner, role, refusal):
    user = await owner.create_user(role.VIEWER)
    await ask(mesh, user.email)
    token = await mesh.token_of(user.email, "reset")
    user.disabled = True
    await owner.update_user(user, "disabled")
    assert (await refusal(reset(mesh, token))).reason is Reason.ERROR_REASON_LINK_INVALID


async def test_a_reset_opens_a_locked_account(start, refusal):
    async with start(sign_in_tries=3) as mesh:
        owner = await mesh.register()
        for _ in range(3):
            await refusal(mesh.login(owner.email, "wrong"))
        locked = await refusal(mesh.login(owner.email))
        assert locked.reason is Reason.ERROR_REASON_SIGN_IN_THROTTLED
        await ask(mesh, owner.email)
        await reset(mesh, await mesh.token_of(owner.email, "reset"))
        await mesh.login(owner.email, NEW)


async def test_nobodys_mail_box_is_filled(mesh, owner):
    for _ in range(8):
        await ask(mesh, owner.email)
    requested = (await mesh.actions(owner.org_id)).count("password.reset_requested")
    assert (requested, await links_to(mesh, owner.email)) == (8, 5)


async def test_an_address_that_asks_for_many_is_told_to_wait(mesh, refusal):
    here = (("x-envoy-external-address", "192.0.2.77"),)
    for _ in range(50):
        await ask(mesh, address(), here)
    refused = await refusal(ask(mesh, address(), here))
    assert refused.reason is Reason.ERROR_REASON_RATE_LIMITED
    assert refused.retry_after is not None


async def test_a_second_factor_is_still_asked_for_after_a_reset(mesh, owner):
    await Factors(owner).add_totp()
    await ask(mesh, owner.email)
    await reset(mesh, await mesh.token_of(owner.email, "reset"))
    request = auth_service_pb2.LoginRequest(email=owner.email, password=NEW)
    answer = await mesh.auth.Login(request)
    assert answer.challenge.token
    assert not answer.HasField("tokens")


async def test_a_change_needs_the_old_password_and_ends_the_other_sessions(mesh, owner, refusal):
    other = await mesh.login(owner.email)
    wrong = await refusal(change(owner, current="not-it-at-all-7"))
    assert wrong.reason is Reason.ERROR_REASON_CREDENTIALS_INVALID
    await change(owner)
    assert (await refusal(mesh.refresh(other.refresh_token))).reason is Reason.ERROR_REASON_TOKEN_INVALID
    assert (await mesh.refresh(owner.refresh_token)).access_token
    await mesh.login(owner.email, NEW)
    assert (await refusal(mesh.login(owner.email))).reason is Reason.ERROR_REASON_CREDENTIALS_INVALID
    assert {"password.change_refused", "password.changed"} <= set(await mesh.actions(owner.org_id))
    assert (await mesh.mails(owner.email))[-1].subject == "Your sign-in was changed"


async def test_the_same_and_weak_passwords_are_refused(mesh, owner, refusal):
    for weak in (PASSWORD, "lakeside-hospital-1"):
        assert (await refusal(change(owner, password=weak))).reason is Reason.ERROR_REASON_PASSWORD_WEAK
    await mesh.login(owner.email)


async def test_wrong_old_passwords_are_counted(start, refusal):
    async with start(sign_in_tries=3) as mesh:
        owner = await mesh.register()
        # Its own address is a stranger's until it has signed in from there.
        for _ in range(3):
            await refusal(change(owner, current="not-it-at-all-7"))
        refused = await refusal(change(owner))
        assert refused.reason is Reason.ERROR_REASON_SIGN_IN_THROTTLED


async def test_an_email_is_confirmed_once(mesh, owner, refusal):
    assert not (await owner.me()).email_verified
    token = await mesh.token_of(owner.email, "verify")
    await verify(mesh, token)
    assert (await owner.me()).email_verified
    assert (await refusal(verify(mesh, token))).reason is Reason.ERROR_REASON_LINK_INVALID
    assert (await refusal(verify(mesh, "x"))).reason is Reason.ERROR_REASON_LINK_INVALID
    assert (await mesh.actions(owner.org_id)).count("email.verified") == 1
    before = await mesh.mails(owner.email)
    await ask_to_verify(owner)
    assert await mesh.mails(owner.email) == before


async def test_of_two_links_the_second_confirms_nothing_new_and_few_are_sent(mesh, owner):
    first = await mesh.token_of(owner.email, "verify")
    for _ in range(12):
        await ask_to_verify(owner)
    assert 1 < len(await mesh.mails(owner.email)) < 12
    for token in (first, await mesh.token_of(owner.email, "verify")):
        await verify(mesh, token)
    assert (await mesh.actions(owner.org_id)).count("email.verified") == 1


async def test_who_was_shut_out_meanwhile_asks_for_nothing(mesh, owner, role, refusal):
    member = await mesh.member(owner, role.VIEWER)
    user = await owner.get_user(member.name)
    user.disabled = True
    await owner.update_user(user, "disabled")
    request = membership_service_pb2.ListMembershipsRequest()
    for call in (
        ask_to_verify(member),
        change(member),
        mesh.memberships.ListMemberships(request, metadata=member.metadata),
    ):
        assert (await refusal(call)).reason is Reason.ERROR_REASON_TOKEN_INVALID


async def test_who_was_made_by_another_asks_for_the_link(mesh, owner, role):
    member = await mesh.member(owner, role.VIEWER)
    await ask_to_verify(member)
    await verify(mesh, await mesh.token_of(member.email, "verify"))
    assert (await member.me()).email_verified


async def test_a_reset_link_confirms_nothing_by_itself_and_a_verify_link_resets_nothing(mesh, owner, refusal):
    await ask(mesh, owner.email)
    with_reset = await mesh.token_of(owner.email, "reset")
    assert (await refusal(verify(mesh, with_reset))).reason is Reason.ERROR_REASON_LINK_INVALID
    with_verify = await mesh.token_of(owner.email, "verify")
    assert (await refusal(reset(mesh, with_verify))).reason is Reason.ERROR_REASON_LINK_INVALID


async def test_a_key_changes_no_password(mesh, owner, refusal):
    key = await mesh.with_key((await owner.create_key("CONTRACTS_READ")).key)
    for call in (change(key), ask_to_verify(key)):
        assert (await refusal(call)).reason is Reason.ERROR_REASON_STATE_FORBIDS


async def test_who_has_added_a_factor_is_told_by_mail(mesh, owner):
    await Factors(owner).add_totp()
    told = (await mesh.mails(owner.email))[-1]
    assert "second factor was added" in told.text
