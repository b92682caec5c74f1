"""How long the token of a key is used."""

from types import SimpleNamespace

from scim_gateway.tokens import Bearers


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
