"""Every method × every caller × own, foreign and missing resources; what is expected comes from the schema.

A method that is added is in the matrix by itself; one for which no request can be built fails it.
"""

import asyncio
from collections.abc import Awaitable, Callable

import grpc
import httpx
import pytest

from tests.security.callers import Caller
from tests.security.calls import SECONDS, Outcome, over_grpc, over_rest
from tests.security.schema import METHODS, Rpc, expected_refusal
from tests.security.valid_requests import Resources, least_request, names_a_resource
from tests.security.world import World

# Calls of one method at once; the services take far more.
AT_ONCE = 16
# The one refusal that is about what is in the body, or in the inbox: the matrix has no valid one of that.
OF_THE_BODY = {
    "Login": "CREDENTIALS_INVALID",
    "RefreshToken": "TOKEN_INVALID",
    "IssueToken": "CREDENTIALS_INVALID",
    "CompleteLogin": "CHALLENGE_INVALID",
    "StepUp": "SECOND_FACTOR_INVALID",
    "ConfirmTotpEnrolment": "SECOND_FACTOR_INVALID",
    "FinishPasskeyEnrolment": "CHALLENGE_INVALID",
    "ChangePassword": "CREDENTIALS_INVALID",
    "ResetPassword": "LINK_INVALID",
    "VerifyEmail": "LINK_INVALID",
    "PreviewInvitation": "LINK_INVALID",
    "AcceptInvitation": "LINK_INVALID",
    "FinishSso": "SSO_REFUSED",
    "ImportContracts": "ARCHIVE_INVALID",
}
CODES = {
    "TOKEN_MISSING": grpc.StatusCode.UNAUTHENTICATED,
    "TOKEN_INVALID": grpc.StatusCode.UNAUTHENTICATED,
    "WORKLOAD_REQUIRED": grpc.StatusCode.PERMISSION_DENIED,
    "PERMISSION_DENIED": grpc.StatusCode.PERMISSION_DENIED,
    "STEP_UP_REQUIRED": grpc.StatusCode.UNAUTHENTICATED,
}
HTTP = {grpc.StatusCode.UNAUTHENTICATED: 401, grpc.StatusCode.PERMISSION_DENIED: 403}
Send = Callable[[Rpc, Resources, Caller], Awaitable[Outcome]]
Outcomes = dict[tuple[Caller, str], Outcome]
every_method = pytest.mark.parametrize("rpc", METHODS, ids=str)


@every_method
async def test_a_service_decides_as_declared(world: World, rpc: Rpc):
    async with grpc.aio.insecure_channel(world.address(rpc.package)) as channel:

        async def send(rpc: Rpc, resources: Resources, caller: Caller) -> Outcome:
            return await over_grpc(channel, rpc, least_request(rpc, resources), caller)

        outcomes = await _all(world, rpc, world.callers, send)
    _decided_as_declared(rpc, outcomes)
    _foreign_is_missing(rpc, outcomes)


@every_method
async def test_the_edge_decides_as_declared(world: World, rpc: Rpc):
    """Every workload among the callers is a forgery here: the edge takes that header away."""
    async with httpx.AsyncClient(
        base_url=world.mesh.info.rest, trust_env=False, verify=False, timeout=SECONDS
    ) as client:

        async def send(rpc: Rpc, resources: Resources, caller: Caller) -> Outcome:
            return await over_rest(client, rpc, least_request(rpc, resources), caller)

        outcomes = await _all(world, rpc, world.callers, send)
    seen = {(caller.outside(), whose): outcome for (caller, whose), outcome in outcomes.items()}
    _decided_as_declared(rpc, seen, at_the_edge=True)
    _foreign_is_missing(rpc, seen)


async def _all(world: World, rpc: Rpc, callers: list[Caller], send: Send) -> Outcomes:
    own = world.victims if rpc.verb == "DELETE" else world.own
    places = {"own": own, "foreign": world.foreign, "missing": world.missing}
    if not names_a_resource(rpc):
        places = {"own": own}
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(caller: Caller, whose: str) -> Outcome:
        async with gate:
            return await send(rpc, places[whose], caller)

    cells = [(caller, whose) for caller in callers for whose in places]
    return dict(zip(cells, await asyncio.gather(*(one(*cell) for cell in cells)), strict=True))


def _decided_as_declared(rpc: Rpc, outcomes: Outcomes, *, at_the_edge: bool = False) -> None:
    for (caller, whose), outcome in outcomes.items():
        place = f"{caller.name}, {whose}: {outcome}"
        wanted = expected_refusal(rpc, caller, at_the_edge=at_the_edge)
        if wanted:
            assert (outcome.code, outcome.reason) == (CODES[wanted], wanted), place
            assert outcome.status in (0, HTTP[outcome.code]), place
        elif outcome.is_refusal:
            assert outcome.reason == OF_THE_BODY.get(rpc.name), place
        else:
            assert not outcome.is_fault, place


def _foreign_is_missing(rpc: Rpc, outcomes: Outcomes) -> None:
    """Not only the status: nothing that the caller is told differs."""
    for (caller, whose), outcome in outcomes.items():
        if whose == "foreign" and rpc.needs_subject:
            assert outcome == outcomes[caller, "missing"], caller.name
            if not expected_refusal(rpc, caller):
                assert (outcome.code, outcome.reason) == (grpc.StatusCode.NOT_FOUND, "NOT_FOUND"), caller.name
