"""What people do with second factors, over the real service."""

import asyncio
import time
from base64 import b32decode
from collections.abc import Awaitable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from google.protobuf import json_format, struct_pb2

from auth_service.factors import totp
from bloom.auth.v1 import auth_service_pb2, factor_pb2, factor_service_pb2, factor_service_pb2_grpc
from services.auth.tests.authenticator import Authenticator

WRONG = "000000"


@dataclass(frozen=True)
class App:
    """An authenticator app with one secret."""

    mesh: Any
    name: str
    secret: bytes = field(repr=False)
    recovery_codes: tuple[str, ...] = ()

    def code(self, steps: int = 0) -> str:
        return totp.code(self.secret, totp.step_at(time.time()) + steps)

    async def fresh(self) -> str:
        """A code that counts as unused, without waiting for the next half minute."""
        number = self.name.rpartition("/")[2]
        await self.mesh.rows("UPDATE factors SET last_step = 0 WHERE id = $1::text::uuid", number)
        return self.code()

    def wrong(self) -> str:
        """A code of none of the steps about now."""
        near = {self.code(steps) for steps in range(-3, 4)}
        return next(code for code in (f"{number:06}" for number in range(10)) if code not in near)


class Factors:
    """FactorService, as somebody."""

    def __init__(self, caller: Any) -> None:
        self._caller = caller
        self._stub = factor_service_pb2_grpc.FactorServiceStub(caller.mesh.channel)
        self._metadata = caller.metadata

    async def listed(self) -> factor_service_pb2.ListFactorsResponse:
        return await self._stub.ListFactors(factor_service_pb2.ListFactorsRequest(), metadata=self._metadata)

    async def start_totp(self) -> App:
        request = factor_service_pb2.StartTotpEnrolmentRequest(display_name="Telephone")
        made = await self._stub.StartTotpEnrolment(request, metadata=self._metadata)
        return App(self._caller.mesh, made.factor.name, b32decode(made.secret))

    async def confirm_totp(self, app: App, code: str) -> App:
        request = factor_service_pb2.ConfirmTotpEnrolmentRequest(name=app.name, code=code)
        made = await self._stub.ConfirmTotpEnrolment(request, metadata=self._metadata)
        return replace(app, recovery_codes=tuple(made.recovery_codes))

    async def add_totp(self) -> App:
        app = await self.start_totp()
        return await self.confirm_totp(app, app.code())

    async def start_passkey(self) -> factor_service_pb2.StartPasskeyEnrolmentResponse:
        request = factor_service_pb2.StartPasskeyEnrolmentRequest()
        return await self._stub.StartPasskeyEnrolment(request, metadata=self._metadata)

    async def finish_passkey(
        self, token: str, credential: dict[str, Any]
    ) -> factor_service_pb2.FinishPasskeyEnrolmentResponse:
        request = factor_service_pb2.FinishPasskeyEnrolmentRequest(
            challenge_token=token, credential=struct(credential), display_name="Laptop"
        )
        return await self._stub.FinishPasskeyEnrolment(request, metadata=self._metadata)

    async def add_passkey(self, authenticator: Authenticator | None = None) -> Authenticator:
        authenticator = authenticator or Authenticator()
        started = await self.start_passkey()
        await self.finish_passkey(started.challenge_token, authenticator.create(options_of(started.options)))
        return authenticator

    async def delete(self, name: str) -> None:
        request = factor_service_pb2.DeleteFactorRequest(name=name)
        await self._stub.DeleteFactor(request, metadata=self._metadata)

    async def new_codes(self) -> list[str]:
        request = factor_service_pb2.RegenerateRecoveryCodesRequest()
        made = await self._stub.RegenerateRecoveryCodes(request, metadata=self._metadata)
        return list(made.recovery_codes)


class SignIn:
    """The two steps of a sign-in."""

    def __init__(self, mesh: Any) -> None:
        self._mesh = mesh

    async def asked(self, caller: Any) -> factor_pb2.LoginChallenge:
        """With the right password."""
        request = auth_service_pb2.LoginRequest(email=caller.email, password=caller.password)
        answer = await self._mesh.auth.Login(request)
        assert answer.HasField("challenge")
        assert not answer.HasField("tokens")
        assert not answer.HasField("user")
        return answer.challenge

    async def asked_of_anybody(self) -> factor_pb2.LoginChallenge:
        request = auth_service_pb2.StartPasskeyLoginRequest()
        return (await self._mesh.auth.StartPasskeyLogin(request)).challenge

    async def complete(self, challenge: Any, **proof: Any) -> auth_service_pb2.CompleteLoginResponse:
        token = challenge if isinstance(challenge, str) else challenge.token
        return await self._mesh.auth.CompleteLogin(
            auth_service_pb2.CompleteLoginRequest(challenge_token=token, **proof)
        )

    async def by_passkey(self, challenge: Any, authenticator: Authenticator) -> Any:
        return await self.complete(challenge, passkey=signed(challenge, authenticator))


class StepUp:
    """Stepping up, as somebody."""

    def __init__(self, caller: Any) -> None:
        self._caller = caller

    async def asked(self) -> factor_pb2.LoginChallenge:
        request = auth_service_pb2.StartStepUpRequest()
        return (await self._caller.mesh.auth.StartStepUp(request, metadata=self._caller.metadata)).challenge

    async def by(self, **proof: Any) -> Any:
        """The caller with a new access token."""
        request = auth_service_pb2.StepUpRequest(**proof)
        answer = await self._caller.mesh.auth.StepUp(request, metadata=self._caller.metadata)
        assert not answer.tokens.refresh_token
        return replace(self._caller, access_token=answer.tokens.access_token)


def signed(challenge: Any, authenticator: Authenticator) -> struct_pb2.Struct:
    return struct(authenticator.get(options_of(challenge.passkey_options)))


def options_of(options: struct_pb2.Struct) -> dict[str, Any]:
    return json_format.MessageToDict(options)


def struct(value: dict[str, Any]) -> struct_pb2.Struct:
    return json_format.ParseDict(value, struct_pb2.Struct())


async def at_once(calls: Iterable[Awaitable[Any]]) -> tuple[list[Any], list[BaseException]]:
    """What went well, and what was refused."""
    done = await asyncio.gather(*calls, return_exceptions=True)
    refused = [one for one in done if isinstance(one, BaseException)]
    return [one for one in done if not isinstance(one, BaseException)], refused


async def aged(caller: Any, seconds: int = 3600) -> Any:
    """The same session, so long after its person has shown who he is."""
    query = "UPDATE sessions SET authenticated_at = now() - $2 * interval '1 s' WHERE org_id = $1"
    await caller.mesh.rows(query, caller.org_id, seconds)
    pair = await caller.mesh.refresh(caller.refresh_token)
    return replace(caller, access_token=pair.access_token, refresh_token=pair.refresh_token)
