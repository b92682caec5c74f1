"""`make bench-auth`: sign-ins, refreshes, grants, and checks of tokens, beside the raw hash and signature.

Calls go to the auth service itself over gRPC, in a mesh of real processes. A rate for one core is calls for
each second of CPU time that the auth process took; PostgreSQL's time and the client's are not in it. On one
machine everything shares the cores, so the raw hash and signature are measured in the same run.
"""

import asyncio
import itertools
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import argon2
import grpc
import psutil
import uvloop
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from joserfc.jwk import KeySet
from rich.console import Console
from rich.table import Table

from bloom.auth.v1 import (
    auth_service_pb2,
    auth_service_pb2_grpc,
    directory_service_pb2,
    directory_service_pb2_grpc,
)
from bloom.contracts.v1 import contract_service_pb2, contract_service_pb2_grpc
from bloom.options.v1 import policy_pb2
from local_mesh import Mesh
from service_runtime.identity import ACCESS_TYPE, TokenVerifier
from tests.bench.figures import Figure, at_least, at_most, print_result, told

SECONDS, WORKERS, ROUNDS = 4.0, 8, 3
TOKENS, REVOCATIONS = 400, 100
FLOOD_PER_SECOND = 150
PASSWORD = "correct-horse-battery-9"
OVERRIDES = {
    "LOG_LEVEL": "warning", "SIGN_IN_ADDRESS_TRIES": "100000000", "SIGN_IN_ALL_TRIES": "100000000",
    "TRACE_SAMPLE_PERCENT": "5",
}  # fmt: skip
Call = Callable[[int], Awaitable[object]]


@dataclass(frozen=True)
class Rate:
    """Calls in a while: by the clock, and by the CPU time of the auth process."""

    calls: int
    seconds: float
    cpu_seconds: float

    @property
    def per_core(self) -> float:
        return self.calls / self.cpu_seconds


class Keys:
    """The published keys, asked for once: what is timed has no network in it."""

    def __init__(self, published: bytes) -> None:
        self._keys = KeySet.import_key_set(json.loads(published))

    async def fetch(self) -> KeySet:
        return self._keys


class Bench:
    """Somebody in a running mesh, with as many tokens as it takes."""

    def __init__(self, mesh: Mesh, channel: grpc.aio.Channel, contracts: grpc.aio.Channel) -> None:
        self._process = psutil.Process(mesh.info.pids["auth"])
        self.auth = auth_service_pb2_grpc.AuthServiceStub(channel)
        self.tokens = auth_service_pb2_grpc.TokenServiceStub(channel)
        self.directory = directory_service_pb2_grpc.DirectoryServiceStub(channel)
        self.contracts = contract_service_pb2_grpc.ContractServiceStub(contracts)
        self.numbers = itertools.count()

    async def register(self, email: str) -> str:
        """A new organization's owner; its access token."""
        request = auth_service_pb2.RegisterOrganizationRequest(
            display_name="Lakeside Hospital", email=email, password=PASSWORD
        )
        return str((await self.auth.RegisterOrganization(request)).tokens.access_token)

    async def login(self, email: str, password: str = PASSWORD) -> auth_service_pb2.LoginResponse:
        request = auth_service_pb2.LoginRequest(email=email, password=password)
        number = next(self.numbers)
        address = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
        return await self.auth.Login(request, metadata=(("x-envoy-external-address", address),))

    async def rate(self, call: Call) -> Rate:
        """As many as WORKERS get done, each one after the other."""
        done, before, began = 0, self._cpu(), time.perf_counter()

        async def worker(number: int) -> None:
            nonlocal done
            while time.perf_counter() - began < SECONDS:
                await call(number)
                done += 1

        await asyncio.gather(*(worker(number) for number in range(WORKERS)))
        return Rate(done, time.perf_counter() - began, self._cpu() - before)

    def _cpu(self) -> float:
        times = self._process.cpu_times()
        return float(times.user + times.system)


async def main() -> None:
    """Prints a table and the RESULT line."""
    console = Console()
    with tempfile.TemporaryDirectory() as folder:
        console.print("starting the mesh …", style="dim")
        async with (
            Mesh(Path(folder), ports="random", quiet=True, overrides=OVERRIDES) as mesh,
            grpc.aio.insecure_channel(mesh.info.addresses["auth"]) as channel,
            grpc.aio.insecure_channel(mesh.info.addresses["contracts"]) as contracts,
        ):
            await run(console, Bench(mesh, channel, contracts))


async def run(console: Console, bench: Bench) -> None:
    owners = [f"owner-{number}@mail.example" for number in range(WORKERS)]
    access = [await bench.register(owner) for owner in owners]
    table = Table("what", "calls/s", "calls/s of one core", "raw", "share of raw")
    figures: list[Figure] = []

    def row(name: str, rate: Rate, raw: str = "", share: str = "") -> None:
        table.add_row(name, f"{rate.calls / rate.seconds:,.0f}", f"{rate.per_core:,.0f}", raw, share)

    console.print("sign-ins …", style="dim")
    hashes = statistics.median(raw_hashes() for _ in range(ROUNDS))
    logins = await bench.rate(lambda worker: bench.login(owners[worker]))
    row("sign-in", logins, f"{hashes:.0f} hashes/s", f"{logins.per_core / hashes:.0%}")
    figures += [
        at_least("logins_per_core", logins.per_core, "1/s", 45), told("raw_hashes_per_core", hashes, "1/s"),
    ]  # fmt: skip

    console.print("refreshes …", style="dim")
    refreshes = await bench.rate(await refreshing(bench, owners))
    row("refresh", refreshes)
    figures.append(at_least("refreshes_per_core", refreshes.per_core, "1/s", 600))

    console.print("client credentials …", style="dim")
    grant, grants = await granting(bench, access[0])
    issued = await bench.rate(grant)
    row("client credentials", issued)
    figures.append(at_least("client_credential_grants_per_core", issued.per_core, "1/s", 600))

    verify, raw_verify, remembered = await verification(bench, grants)
    table.add_row(
        "token verified, µs", "", f"{verify:.0f}", f"{raw_verify:.0f}", f"{raw_verify / verify:.0%}"
    )
    figures += [
        at_most("local_verification", verify, "µs", 100),
        told("raw_signature_verification", raw_verify, "µs"),
        told("verification_of_a_token_seen_before", remembered, "µs"),
    ]  # fmt: skip

    console.print("a flood of sign-ins …", style="dim")
    quiet, hashing, flooded = await flood(bench, access[0])
    table.add_row(
        "p99 of others, quiet and flooded, ms", f"{quiet:.1f}", f"{flooded:.1f}", f"{hashing:.1f}", ""
    )
    figures += [
        at_most("p99_of_others_in_a_login_flood", flooded / quiet, "× quiet", 1.2),
        told("p99_of_others_beside_raw_hashes_on_every_core", hashing / quiet, "× quiet"),
    ]  # fmt: skip

    console.print("revocation …", style="dim")
    p99 = await revocation(bench, owners[0])
    table.add_row("revocation to refusal, p99 ms", f"{p99:.0f}", "", "", "")
    figures.append(at_most("revocation_p99", p99 / 1000, "s", 1.0))
    console.print(table)
    print_result(figures)


def raw_hashes() -> float:
    """Of argon2 alone with our parameters, one after the other."""
    hasher, began, done = argon2.PasswordHasher(2, 19 * 1024, 1), time.perf_counter(), 0
    encoded = hasher.hash(PASSWORD)
    while time.perf_counter() - began < 1:
        hasher.verify(encoded, PASSWORD)
        done += 1
    return done / (time.perf_counter() - began)


async def refreshing(bench: Bench, owners: list[str]) -> Call:
    """Each worker's own session."""
    current = [(await bench.login(owner)).tokens.refresh_token for owner in owners]

    async def refresh(worker: int) -> None:
        request = auth_service_pb2.RefreshTokenRequest(refresh_token=current[worker])
        current[worker] = (await bench.auth.RefreshToken(request)).tokens.refresh_token

    return refresh


async def granting(bench: Bench, access: str) -> tuple[Call, list[str]]:
    """A service account's grants, and the tokens that come of them."""
    made = await bench.directory.CreateServiceAccount(
        directory_service_pb2.CreateServiceAccountRequest(
            display_name="Robot", roles=[policy_pb2.ROLE_VIEWER]
        ),
        metadata=(("authorization", f"Bearer {access}"),),
    )
    request = auth_service_pb2.IssueTokenRequest(client_id=made.client_id, client_secret=made.client_secret)
    tokens: list[str] = []

    async def grant(_worker: int) -> None:
        tokens.append((await bench.tokens.IssueToken(request)).tokens.access_token)

    return grant, tokens


async def verification(bench: Bench, tokens: list[str]) -> tuple[float, float, float]:
    """Microseconds: of a new token, of its signature alone, and of one that was seen before."""
    published = (await bench.auth.GetJwks(auth_service_pb2.GetJwksRequest())).data
    new, verifier = tokens[:TOKENS], TokenVerifier(Keys(published))
    await verifier.claims(tokens[-1], ACCESS_TYPE)
    began = time.perf_counter()
    for token in new:
        await verifier.claims(token, ACCESS_TYPE)
    verified = time.perf_counter() - began
    began = time.perf_counter()
    for token in new:
        await verifier.claims(token, ACCESS_TYPE)
    seen = time.perf_counter() - began
    key, message = ec.generate_private_key(ec.SECP256R1()), new[0].rpartition(".")[0].encode()
    signature, public = key.sign(message, ec.ECDSA(SHA256())), key.public_key()
    began = time.perf_counter()
    for _ in new:
        public.verify(signature, message, ec.ECDSA(SHA256()))
    raw = time.perf_counter() - began
    return tuple(1e6 * seconds / len(new) for seconds in (verified, raw, seen))  # type: ignore[return-value]


async def flood(bench: Bench, access: str) -> tuple[float, float, float]:
    """The p99 in ms of somebody's calls: alone, beside raw hashes, and while others try passwords."""
    metadata = (("authorization", f"Bearer {access}"),)

    async def others() -> float:
        took: list[float] = []
        end = time.perf_counter() + SECONDS
        while time.perf_counter() < end:
            began = time.perf_counter()
            await bench.auth.GetMe(auth_service_pb2.GetMeRequest(), metadata=metadata)
            took.append(time.perf_counter() - began)
            await asyncio.sleep(0.005)
        return 1000 * statistics.quantiles(took, n=100)[98]

    async def wrong() -> None:
        try:
            await bench.login(f"nobody-{next(bench.numbers)}@mail.example", "not-the-password")
        except grpc.aio.AioRpcError:
            return

    async def tries() -> None:
        async with asyncio.TaskGroup() as running:
            while True:
                running.create_task(wrong())
                await asyncio.sleep(1 / FLOOD_PER_SECOND)

    quiet = await others()
    with raw_hashing():
        hashing = await others()
    flooding = asyncio.create_task(tries())
    try:
        return quiet, hashing, await others()
    finally:
        flooding.cancel()
        await asyncio.gather(flooding, return_exceptions=True)


@contextmanager
def raw_hashing() -> Iterator[None]:
    """On every core, for whoever else does not want it: what hashing alone does to the machine."""
    source = (
        "import argon2, os\n"
        "os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))\n"
        "hasher = argon2.PasswordHasher(2, 19 * 1024, 1)\n"
        "while True: hasher.hash('x')\n"
    )
    running = [subprocess.Popen([sys.executable, "-c", source]) for _ in range(os.cpu_count() or 1)]
    try:
        yield
    finally:
        for process in running:
            process.kill()
            process.wait()


async def revocation(bench: Bench, email: str) -> float:
    """The p99 in ms from the end of a session to its token's first refusal by another service."""
    took: list[float] = []
    for _ in range(REVOCATIONS):
        tokens = (await bench.login(email)).tokens
        metadata = (("authorization", f"Bearer {tokens.access_token}"),)
        await bench.contracts.ListContracts(contract_service_pb2.ListContractsRequest(), metadata=metadata)
        await bench.auth.Logout(auth_service_pb2.LogoutRequest(refresh_token=tokens.refresh_token))
        began = time.perf_counter()
        while await passes(bench, metadata):
            pass
        took.append(time.perf_counter() - began)
    return 1000 * statistics.quantiles(took, n=100)[98]


async def passes(bench: Bench, metadata: tuple[tuple[str, str], ...]) -> bool:
    """Whether the contracts service still takes the token."""
    try:
        await bench.contracts.ListContracts(contract_service_pb2.ListContractsRequest(), metadata=metadata)
    except grpc.aio.AioRpcError:
        return False
    return True


if __name__ == "__main__":
    uvloop.run(main())
