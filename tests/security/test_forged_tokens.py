"""Forged and misused tokens: refused by the edge, and by each service for itself."""

import grpc
import httpx
import pytest

from tests.security.callers import Caller
from tests.security.calls import SECONDS, outcome_of, over_grpc
from tests.security.forgery import forgeries
from tests.security.schema import METHODS, Rpc
from tests.security.valid_requests import least_request
from tests.security.world import PROCESSES, World

# One method of each service that any role may call with a token alone.
PROBES = {
    "bloom.auth.v1": "GetMe",
    "bloom.contracts.v1": "ListContracts",
    "bloom.ai.v1": "GetUsage",
}
of_each_service = pytest.mark.parametrize("package", PROCESSES)


def probe(package: str) -> Rpc:
    return next(rpc for rpc in METHODS if rpc.package == package and rpc.name == PROBES[package])


def test_there_is_a_probe_for_every_service():
    assert {rpc.package for rpc in METHODS} == set(PROBES) == set(PROCESSES)


@of_each_service
async def test_a_service_takes_no_forged_token(world: World, package: str):
    rpc = probe(package)
    request = least_request(rpc, world.own)
    async with grpc.aio.insecure_channel(world.address(package)) as channel:
        real = await over_grpc(channel, rpc, request, Caller("owner", world.owner.token))
        assert real.code == grpc.StatusCode.OK
        for name, token in forgeries(world.key, world.owner.token).items():
            outcome = await over_grpc(channel, rpc, request, Caller(name, token))
            assert outcome.code == grpc.StatusCode.UNAUTHENTICATED, name
            assert outcome.reason == ("TOKEN_EXPIRED" if name == "expired" else "TOKEN_INVALID"), name


@of_each_service
async def test_a_service_takes_no_forged_workload(world: World, package: str):
    rpc = next(rpc for rpc in METHODS if rpc.package == package and not rpc.needs_workload)
    request = least_request(rpc, world.own)
    workload = world.mesh.workload_token()
    async with grpc.aio.insecure_channel(world.address(package)) as channel:
        for name, token in forgeries(world.key, workload).items():
            if name in ("no organization", "no permissions", "another kind"):
                continue  # a workload has neither, and is what the table calls another kind
            outcome = await over_grpc(channel, rpc, request, Caller(name, world.owner.token, token))
            assert outcome.code == grpc.StatusCode.UNAUTHENTICATED, name


@of_each_service
async def test_the_edge_takes_no_forged_token(world: World, package: str):
    rpc = probe(package)
    async with httpx.AsyncClient(
        base_url=world.mesh.info.rest, trust_env=False, verify=False, timeout=SECONDS
    ) as client:
        for name, token in {"": world.owner.token, **forgeries(world.key, world.owner.token)}.items():
            answer = await client.request(rpc.verb, rpc.path, headers={"authorization": f"Bearer {token}"})
            outcome = outcome_of(answer)
            reason = {"": "", "expired": "TOKEN_EXPIRED"}.get(name, "TOKEN_INVALID")
            assert (answer.status_code, outcome.reason) == (401 if name else 200, reason), name


@pytest.mark.parametrize(
    "place",
    [{"params": {"access_token": "{}"}}, {"headers": {"cookie": "access_token={}; authorization=Bearer {}"}},
     {"headers": {"x-authorization": "Bearer {}"}}, {"headers": {"proxy-authorization": "Bearer {}"}},
     {"headers": {"authorization": "Basic {}"}}, {"headers": {"authorization": "{}"}}],
    ids=str,
)  # fmt: skip
def test_a_real_token_elsewhere_than_in_its_header_is_none(world: World, place: dict[str, dict[str, str]]):
    filled = {
        where: {name: value.replace("{}", world.owner.token) for name, value in fields.items()}
        for where, fields in place.items()
    }
    answer = httpx.get(f"{world.mesh.info.rest}/v1/contracts", trust_env=False, timeout=SECONDS, **filled)
    assert answer.status_code == 401
