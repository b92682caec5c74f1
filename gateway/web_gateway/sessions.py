"""Web sessions: the tokens of a browser, sealed in Valkey; changed for new ones once, however many ask."""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field

import grpc

from bloom.auth.v1 import auth_pb2, auth_service_pb2
from service_runtime import deadlines
from service_runtime.errors import DomainError
from web_gateway.auth import Auth, Browser, Calls
from web_gateway.sealing import Sealed, new_secret

# A token is changed so long before its end, so that none ends on its way.
_EARLY_SECONDS = 30.0
# For one refresh; when who has begun it dies, the next repeats it, which auth allows for ten seconds.
_TAKEN_SECONDS = 8
_REFRESH_SECONDS = _TAKEN_SECONDS - 1
_LOOK_EVERY = 0.02
# The same for every refresh: auth knows a repeated one by it, and browsers change what they call themselves.
_OURSELVES = Browser("", "bloom-web")


@dataclass(frozen=True, slots=True)
class Session:
    """Times are seconds since 1970."""

    refresh_token: str = field(repr=False)
    access_token: str = field(repr=False)
    access_ends: float
    ends: float


class Sessions:
    """`secret` is the value of the cookie, and nowhere else."""

    def __init__(
        self, kept: Sealed, auth: Auth, *, idle: int, lifetime: int, now: Callable[[], float] = time.time
    ) -> None:
        self._kept = kept
        self._auth = auth
        self._idle = idle
        self._lifetime = lifetime
        self._now = now

    async def begin(self, tokens: auth_pb2.TokenPair) -> str:
        """A new cookie for a new session."""
        secret = new_secret()
        ends = self._now() + self._lifetime
        await self._put(secret, Session(tokens.refresh_token, tokens.access_token, self._ends(tokens), ends))
        return secret

    async def stepped_up(self, secret: str, tokens: auth_pb2.TokenPair) -> str | None:
        """Another cookie for the session, whose token says more now; the old one is worth nothing.

        None for a session that is gone.
        """
        while not await self._kept.take(secret, _TAKEN_SECONDS):  # noqa: ASYNC110  # Valkey tells no events
            # A refresh that is under way changes the token that goes with the session.
            await asyncio.sleep(_LOOK_EVERY)
        try:
            before = await self._session(secret)
            if before is None:
                return None
            after = new_secret()
            stepped = Session(before.refresh_token, tokens.access_token, self._ends(tokens), before.ends)
            await self._put(after, stepped)
            await self._kept.delete(secret)
            return after
        finally:
            await self._kept.give(secret)

    async def token(self, secret: str) -> str | None:
        """An access token that is good; None where nobody is signed in. Raises DEPENDENCY_UNAVAILABLE."""
        session = await self._session(secret)
        while session is not None and session.access_ends - _EARLY_SECONDS <= self._now():
            if await self._kept.take(secret, _TAKEN_SECONDS):
                try:
                    session = await self._refreshed(secret)
                finally:
                    await self._kept.give(secret)
                break
            # Somebody else is about it: what he writes is for all.
            await asyncio.sleep(_LOOK_EVERY)
            session = await self._session(secret)
        return session.access_token if session else None

    async def end(self, secret: str) -> None:
        """Signs out; the tokens are worth nothing any more. Silent about a session that is gone."""
        session = await self._session(secret)
        await self._kept.delete(secret)
        if session is not None:
            request = auth_service_pb2.LogoutRequest(refresh_token=session.refresh_token)
            await Calls(_OURSELVES)(self._auth.auth.Logout, request)

    async def forget(self, secret: str) -> None:
        """What auth has ended already."""
        await self._kept.delete(secret)

    async def _refreshed(self, secret: str) -> Session | None:
        session = await self._session(secret)
        if session is None or session.access_ends - _EARLY_SECONDS > self._now():
            return session
        request = auth_service_pb2.RefreshTokenRequest(refresh_token=session.refresh_token)
        try:
            with _no_longer_than(_REFRESH_SECONDS):
                answer = await Calls(_OURSELVES)(self._auth.auth.RefreshToken, request)
        except DomainError as refused:
            # Anything else says nothing of the session: auth is away, or has too much to do.
            if refused.code is not grpc.StatusCode.UNAUTHENTICATED:
                raise
            await self._kept.delete(secret)
            return None
        tokens = answer.tokens
        after = Session(tokens.refresh_token, tokens.access_token, self._ends(tokens), session.ends)
        # Whoever signed out meanwhile stays signed out.
        return after if await self._kept.put(secret, asdict(after), self._idle, instead=True) else None

    async def _session(self, secret: str) -> Session | None:
        found = await self._kept.get(secret, self._idle)
        session = Session(**found) if found else None
        if session is not None and session.ends <= self._now():
            await self._kept.delete(secret)
            return None
        return session

    async def _put(self, secret: str, session: Session) -> None:
        await self._kept.put(secret, asdict(session), self._idle)

    def _ends(self, tokens: auth_pb2.TokenPair) -> float:
        return self._now() + tokens.expires_in


@contextmanager
def _no_longer_than(seconds: float) -> Iterator[None]:
    deadline = deadlines.set_remaining(deadlines.remaining(seconds))
    try:
        yield
    finally:
        deadlines.reset(deadline)
