"""Who is disabled gets a token by no way there is; a way that is new is missed here until it is tried too."""

import importlib
import importlib.resources
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest
from google.protobuf import descriptor_pb2, descriptor_pool
from google.protobuf.descriptor import Descriptor

from bloom.auth.v1 import auth_pb2
from services.auth.tests import test_sso
from services.auth.tests.second_factors import Factors, SignIn, StepUp
from services.auth.tests.test_memberships import switch

WORKLOAD = ("contracts", "only-contracts-knows-this-one")


class Member:
    """Somebody with every kind of credential, made while he was let in."""

    def __init__(self, mesh: Any, owner: Any, caller: Any) -> None:
        self.mesh, self.owner, self.caller = mesh, owner, caller

    async def prepare(self) -> None:
        sign_in = SignIn(self.mesh)
        self.key = (await self.caller.create_key("CONTRACTS_READ")).key
        self.app = await Factors(self.caller).add_totp()
        self.passkey = await Factors(self.caller).add_passkey()
        # The first factor has ended the session that was begun without.
        answer = await sign_in.complete(await sign_in.asked(self.caller), totp_code=await self.app.fresh())
        self.caller = replace(
            self.caller,
            access_token=answer.tokens.access_token,
            refresh_token=answer.tokens.refresh_token,
        )
        self.challenge = await sign_in.asked(self.caller)
        self.stepping = await StepUp(self.caller).asked()
        self.anybody = await sign_in.asked_of_anybody()
        self.workload = (await self.mesh.issue(*WORKLOAD)).access_token

    async def shut_out(self) -> None:
        user = await self.owner.get_user(self.caller.name)
        user.disabled = True
        await self.owner.update_user(user, "disabled")


async def _second_step(member: Member) -> Any:
    return await SignIn(member.mesh).complete(member.challenge, totp_code=await member.app.fresh())


async def _step_up(member: Member) -> Any:
    return await StepUp(member.caller).by(totp_code=await member.app.fresh())


WAYS: dict[str, Callable[[Member], Awaitable[Any]]] = {
    "Login": lambda member: SignIn(member.mesh).asked(member.caller),
    "CompleteLogin": _second_step,
    "CompleteLogin by passkey": lambda member: SignIn(member.mesh).by_passkey(member.anybody, member.passkey),
    "StepUp": _step_up,
    "RefreshToken": lambda member: member.mesh.refresh(member.caller.refresh_token),
    "SwitchOrganization": lambda member: switch(member.caller, member.owner.organization),
    "IssueToken": lambda member: member.mesh.with_key(member.key),
    "ExchangeToken": lambda member: member.mesh.exchange(
        member.caller.name, member.owner.organization, member.workload
    ),
}
# Whom it makes was nobody before, so that nobody could have shut him out.
OF_NOBODY_YET = {"RegisterOrganization", "AcceptInvitation"}
# With a provider, which is not here.
ELSEWHERE = {"FinishSso": test_sso.test_a_disabled_user_stays_out}


def gives_tokens(answer: Descriptor, seen: frozenset[str] = frozenset()) -> bool:
    if answer.full_name == auth_pb2.TokenPair.DESCRIPTOR.full_name:
        return True
    inside = [field.message_type for field in answer.fields if field.message_type]
    return any(gives_tokens(each, seen | {answer.full_name}) for each in inside if each.full_name not in seen)


def test_every_method_that_gives_tokens_is_a_way():
    described = importlib.resources.files("bloom").joinpath("descriptors.binpb").read_bytes()
    pool, found = descriptor_pool.Default(), set()
    for file in descriptor_pb2.FileDescriptorSet.FromString(described).file:
        if file.package == "bloom.auth.v1":
            importlib.import_module(file.name.removesuffix(".proto").replace("/", ".") + "_pb2")
            for service in file.service:
                methods = pool.FindServiceByName(f"{file.package}.{service.name}").methods
                found |= {method.name for method in methods if gives_tokens(method.output_type)}
    assert found == {way.split()[0] for way in WAYS} | OF_NOBODY_YET | set(ELSEWHERE)


@pytest.mark.parametrize("way", WAYS)
async def test_who_is_disabled_gets_no_token(mesh, owner, refusal, role, way):
    open_one, shut = [Member(mesh, owner, await mesh.member(owner, role.ADMIN)) for _ in range(2)]
    for member in (open_one, shut):
        await member.prepare()
    await shut.shut_out()
    assert await WAYS[way](open_one)
    refused = await refusal(WAYS[way](shut))
    assert refused.reason_name in {
        "CREDENTIALS_INVALID", "CHALLENGE_INVALID", "SECOND_FACTOR_INVALID", "TOKEN_INVALID", "STATE_FORBIDS",
    }  # fmt: skip
