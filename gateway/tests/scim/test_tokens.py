"""How long the token of a key is used."""

import hashlib
from types import SimpleNamespace

import pytest

from bloom.auth.v1 import provisioning_service_pb2
from scim_gateway.directory import directory
from scim_gateway.tokens import Bearers
from service_runtime.errors import DomainError


class Auth:
    """Answers as auth does, and counts."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def IssueToken(self, request):  # noqa: N802
        self.asked.append(request.api_key)
        return SimpleNamespace(tokens=SimpleNamespace(access_token=f"t{len(self.asked)}", expires_in=600))


async def test_a_key_is_changed_once_for_as_long_as_its_token_is_fresh():
    auth, now = Auth(), [0.0]
    bearers = Bearers(auth, clock=lambda: now[0])
    assert [await bearers.access_token("bloom_a") for _ in range(3)] == ["t1"] * 3
    now[0] = 479.9
    assert await bearers.access_token("bloom_a") == "t1"
    now[0] = 480.0
    assert await bearers.access_token("bloom_a") == "t2"
    assert await bearers.access_token("bloom_b") == "t3"
    assert await bearers.access_token("an.access.token") == "an.access.token"
    assert auth.asked == ["bloom_a", "bloom_a", "bloom_b"]


async def test_a_token_that_was_refused_is_forgotten_and_keys_are_not_kept():
    auth = Auth()
    bearers = Bearers(auth)
    await bearers.access_token("bloom_a")
    assert bearers.forget("bloom_a")
    assert not bearers.forget("bloom_a")
    assert await bearers.access_token("bloom_a") == "t2"
    assert "bloom_a" not in repr(vars(bearers)["_kept"])


async def test_only_so_many_are_remembered():
    auth = Auth()
    bearers = Bearers(auth)
    for number in range(1100):
        await bearers.access_token(f"bloom_{number}")
    assert len(vars(bearers)["_kept"]) == 1000


async def test_a_remembered_token_that_is_refused_is_changed_for_another(service, organization):
    """As after a signing key was taken back."""
    request = provisioning_service_pb2.SearchProvisionedUsersRequest(count=1)
    async with directory(service.auth_address, 10) as auth:
        remembered = vars(vars(auth)["_bearers"])["_kept"]
        digest = hashlib.sha256(organization.key.encode()).digest()
        for use in (
            lambda: auth.admit(organization.key),
            lambda: auth.call(organization.key, auth.provisioning.SearchProvisionedUsers, request),
        ):
            remembered[digest] = ("stale", float("inf"))
            await use()
            assert remembered[digest][0] != "stale"
        with pytest.raises(DomainError):
            await auth.call("stale", auth.provisioning.SearchProvisionedUsers, request)
