"""Sessions held against a few lines that say what is meant, in any order of calls."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Awaitable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import grpc
import hypothesis
from hypothesis import HealthCheck, Phase
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from auth_service.sessions.model import RefreshToken
from bloom.auth.v1 import auth_pb2, session_service_pb2, session_service_pb2_grpc
from bloom.options.v1 import policy_pb2
from service_runtime.clients import domain_error
from service_runtime.revocation import Revocations, following
from services.auth.tests.session_model import LIFETIME_SECONDS, RETRY_SECONDS, Line, Person, session_of

EXAMPLES = int(os.environ.get("SESSION_EXAMPLES", "15"))
STEPS = 25
# Making a counterexample small takes minutes: done where one is looked for.
PHASES = [phase for phase in Phase if phase is not Phase.shrink or EXAMPLES > 15]
# Far from the end of a retry on either side, however slow the machine.
SOON, LATE, DAYS = 12, 40, 20 * 86_400
PATIENCE_SECONDS = 20
# Half of what an access token lives.
FRESH_SECONDS = 300
ROLES = ([policy_pb2.ROLE_VIEWER], [policy_pb2.ROLE_FINANCE], [policy_pb2.ROLE_LEGAL])
CLIENTS = ("first-client/1.0", "other-client/1.0")
WORKLOAD = ("contracts", "only-contracts-knows-this-one")


async def told(call: Awaitable[Any]) -> tuple[str, Any]:
    """The refusal's reason, or nothing and the answer."""
    try:
        return "", await call
    except grpc.aio.AioRpcError as failed:
        return domain_error(failed, "auth").reason_name, None


@dataclass
class Served:
    """A running service on a loop that stands still between two rules, and who hears what it tells."""

    loop: asyncio.AbstractEventLoop
    mesh: Any
    known: Revocations
    superuser: asyncpg.Connection
    channels: tuple[grpc.aio.Channel, ...]
    owners: tuple[Any, ...] = ()
    workload: str = ""
    since: float = 0.0

    async def callers(self) -> tuple[Any, ...]:
        """Two owners of two organizations, whose tokens are good for as long as an example runs."""
        if not self.owners:
            self.owners = (await self.mesh.register(), await self.mesh.register())
        elif time.monotonic() - self.since > FRESH_SECONDS:
            self.owners = tuple([await self.mesh.login(owner.email) for owner in self.owners])
        else:
            return self.owners
        self.workload = (await self.mesh.issue(*WORKLOAD)).access_token
        self.since = time.monotonic()
        return self.owners


class SignedIn(RuleBasedStateMachine):
    """Two users of one organization and one of another; their owners end, disable, enable and promote."""

    served: "Served"

    def run(self, work: Awaitable[Any]) -> Any:
        return self.served.loop.run_until_complete(work)

    @initialize()
    def begin(self) -> None:
        self.mesh, self.people = self.served.mesh, []
        self.run(self._begin())

    async def _begin(self) -> None:
        owners = await self.served.callers()
        for at in (0, 0, 1):
            user = await owners[at].create_user(*ROLES[0])
            self.people.append(Person(user.name, user.email, owners[at], owners[1 - at]))
        for person in self.people:
            caller = await self.mesh.login(person.email)
            person.lines.append(Line(person, [caller.refresh_token], [caller.access_token]))

    def _lines(self) -> list[Line]:
        return [line for person in self.people for line in person.lines]

    def _picked(self, which: int) -> Line:
        lines = self._lines()
        return lines[which % len(lines)]

    async def _refreshed(self, token: str, client: int) -> tuple[str, Any]:
        return await told(self.mesh.refresh(token, self.served.channels[client]))

    async def _ask(self, method: str, request: Any, token: str) -> tuple[str, Any]:
        stub = session_service_pb2_grpc.SessionServiceStub(self.mesh.channel)
        call = getattr(stub, method)
        return await told(call(request, metadata=(("authorization", f"Bearer {token}"),)))

    def _check_refresh(self, line: Line, place: int, client: int, reason: str, pair: Any) -> None:
        meant = line.answer(place, client)
        if meant not in ("next", "again"):
            assert (reason, pair) == (meant, None)
            return
        assert reason == ""
        assert session_of(pair.refresh_token) == session_of(line.tokens[0])
        if meant == "next":
            assert pair.refresh_token not in line.tokens
            line.tokens.append(pair.refresh_token)
        else:
            assert pair.refresh_token == line.tokens[-1]
        line.access.append(pair.access_token)

    @rule(who=st.integers(0, 2), right=st.integers(0, 4).map(bool))
    def come_in(self, who: int, right: bool) -> None:
        self._sign_in(who, right=right)

    def _sign_in(self, who: int, *, right: bool) -> None:
        person = self.people[who]
        password = {} if right else {"password": "not-the-password-at-all"}
        reason, caller = self.run(told(self.mesh.login(person.email, **password)))
        assert (reason == "") == (right and not person.disabled)
        if caller:
            assert caller.name == person.name
            person.lines.append(Line(person, [caller.refresh_token], [caller.access_token]))
        else:
            assert reason == "CREDENTIALS_INVALID"

    @rule(which=st.integers(0, 99), place=st.sampled_from([0, 0, 0, 1, 1, 2]), client=st.integers(0, 1))
    def refresh(self, which: int, place: int, client: int) -> None:
        line = self._picked(which)
        place = min(place, len(line.tokens) - 1)
        self._check_refresh(line, place, client, *self.run(self._refreshed(line.tokens[-1 - place], client)))

    @rule(which=st.integers(0, 99), client=st.integers(0, 1), seconds=st.sampled_from([SOON, LATE]))
    def lose_an_answer_and_ask_again(self, which: int, client: int, seconds: int) -> None:
        line = self._picked(which)
        lost = line.tokens[-1]
        self._check_refresh(line, 0, client, *self.run(self._refreshed(lost, client)))
        self._later(seconds)
        place = line.tokens[::-1].index(lost)
        self._check_refresh(line, place, client, *self.run(self._refreshed(lost, client)))

    @rule(which=st.integers(0, 99), seconds=st.sampled_from([DAYS, 2 * DAYS]))
    def come_back_after_days(self, which: int, seconds: int) -> None:
        line = self._picked(which)
        self._later(seconds)
        self._check_refresh(line, 0, 0, *self.run(self._refreshed(line.tokens[-1], 0)))

    @rule(which=st.integers(0, 99), client=st.integers(0, 1))
    def refresh_at_once_from_one_client(self, which: int, client: int) -> None:
        line = self._picked(which)
        token, calls = line.tokens[-1], 3

        async def all_of_them() -> list[tuple[str, Any]]:
            return await asyncio.gather(*(self._refreshed(token, client) for _ in range(calls)))

        for place, (reason, pair) in enumerate(self.run(all_of_them())):
            self._check_refresh(line, min(place, 1), client, reason, pair)

    @rule(which=st.integers(0, 99))
    def refresh_at_once_from_two_clients(self, which: int) -> None:
        line = self._picked(which)
        token, was_open = line.tokens[-1], line.open

        async def both() -> list[tuple[str, Any]]:
            return await asyncio.gather(*(self._refreshed(token, client) for client in (0, 1)))

        answers = self.run(both())
        assert sorted(reason for reason, _ in answers) == (
            ["", "REFRESH_REUSED"] if was_open else ["TOKEN_INVALID"] * 2
        )
        if was_open:
            line.end()
        for _, pair in answers:
            if pair:
                line.tokens.append(pair.refresh_token)
                line.access.append(pair.access_token)

    @rule(which=st.integers(0, 99), how=st.sampled_from(["secret", "session", "organization", "text"]))
    def forge(self, which: int, how: str) -> None:
        line = self._picked(which)
        token = RefreshToken.parse(line.tokens[-1])
        forged = {
            "secret": RefreshToken(token.org_id, token.session_id, os.urandom(32)).encoded(),
            "session": RefreshToken(token.org_id, uuid4(), token.secret).encoded(),
            "organization": RefreshToken(line.user.stranger.org_id, token.session_id, token.secret).encoded(),
            "text": "never given",
        }[how]
        assert self.run(self._refreshed(forged, 0))[0] == "TOKEN_INVALID"
        self.run(self.mesh.logout(forged))

    @rule(which=st.integers(0, 99), place=st.integers(0, 2))
    def sign_out(self, which: int, place: int) -> None:
        line = self._picked(which)
        self.run(self.mesh.logout(line.tokens[-1 - min(place, len(line.tokens) - 1)]))
        if line.open:
            line.end()

    @precondition(lambda self: any(person.going_on for person in self.people))
    @rule(which=st.integers(0, 99), other=st.integers(0, 99))
    def end_one(self, which: int, other: int) -> None:
        """First somebody else's, of whichever organization, then one of his own."""
        going_on = [line for person in self.people for line in person.going_on]
        line = going_on[which % len(going_on)]
        foreign = [each for person in self.people if person is not line.user for each in person.lines[-1:]]
        own = line.user.lines[other % len(line.user.lines)]
        for ended in (*foreign, own):
            request = session_service_pb2.DeleteSessionRequest(name=ended.name)
            reason, _ = self.run(self._ask("DeleteSession", request, line.access[-1]))
            # One that is past its end may have been cleared away.
            gone = ended is not own or (reason and ended.age >= LIFETIME_SECONDS)
            assert reason == ("NOT_FOUND" if gone else "")
        if not gone:
            own.end()

    @precondition(lambda self: any(person.going_on for person in self.people))
    @rule(which=st.integers(0, 99), keep=st.booleans())
    def end_own(self, which: int, keep: bool) -> None:
        going_on = [line for person in self.people for line in person.going_on]
        line = going_on[which % len(going_on)]
        request = session_service_pb2.EndSessionsRequest(keep_current=keep)
        assert self.run(self._ask("EndSessions", request, line.access[-1]))[0] == ""
        for each in line.user.lines:
            if not (keep and each is line):
                each.end()

    @rule(who=st.integers(0, 2), foreign=st.booleans())
    def end_all_of(self, who: int, foreign: bool) -> None:
        person = self.people[who]
        caller = person.stranger if foreign else person.owner
        request = session_service_pb2.EndUserSessionsRequest(user=person.name)
        reason, _ = self.run(self._ask("EndUserSessions", request, caller.access_token))
        assert reason == ("NOT_FOUND" if foreign else "")
        if not foreign:
            person.end_all()

    @rule(who=st.integers(0, 2), foreign=st.booleans(), disabled=st.booleans())
    def let_in_or_not(self, who: int, foreign: bool, disabled: bool) -> None:
        person = self.people[who]
        caller = person.stranger if foreign else person.owner
        user = auth_pb2.User(name=person.name, disabled=disabled)
        assert self.run(told(caller.update_user(user, "disabled")))[0] == ("NOT_FOUND" if foreign else "")
        if not foreign and disabled != person.disabled:
            person.disabled = disabled
            person.end_all()
        if person.disabled:
            self._sign_in(who, right=True)
            self._act_for(who, foreign=False)

    @rule(who=st.integers(0, 2), foreign=st.booleans(), roles=st.integers(0, 2))
    def give_role(self, who: int, foreign: bool, roles: int) -> None:
        person = self.people[who]
        caller = person.stranger if foreign else person.owner
        user = auth_pb2.User(name=person.name, roles=ROLES[roles])
        assert self.run(told(caller.update_user(user, "roles")))[0] == ("NOT_FOUND" if foreign else "")
        if not foreign and roles != person.roles:
            person.roles = roles
            person.end_all()

    @rule(who=st.integers(0, 2), foreign=st.booleans())
    def act_for(self, who: int, foreign: bool) -> None:
        self._act_for(who, foreign=foreign)

    def _act_for(self, who: int, *, foreign: bool) -> None:
        """A workload of the mesh asks for a user's token."""
        person = self.people[who]
        caller = person.stranger if foreign else person.owner
        call = self.mesh.exchange(person.name, caller.organization, self.served.workload)
        meant = "NOT_FOUND" if foreign else "STATE_FORBIDS" if person.disabled else ""
        assert self.run(told(call))[0] == meant

    @rule(seconds=st.sampled_from([SOON, SOON, LATE, DAYS]))
    def wait(self, seconds: int) -> None:
        self._later(seconds)

    def _later(self, seconds: int) -> None:
        lines = self._lines()
        self.run(
            self.served.superuser.execute(
                """UPDATE sessions SET expires_at = expires_at - $2::interval, created_at = created_at - $2,
                                       rotated_at = rotated_at - $2 WHERE id = ANY($1)""",
                [session_of(line.tokens[0]) for line in lines],
                timedelta(seconds=seconds),
            )
        )
        for line in lines:
            line.age += seconds
            line.rotated += seconds

    @invariant()
    def one_line_a_session(self) -> None:
        """Each generation is there once, and nothing newer than the newest."""
        query = """SELECT sessions.id FROM sessions
                   JOIN refresh_tokens AS tokens ON tokens.session_id = sessions.id
                   WHERE sessions.id = ANY($1) GROUP BY sessions.id, sessions.generation
                   HAVING count(*) <> count(DISTINCT tokens.generation)
                       OR max(tokens.generation) <> sessions.generation"""
        lines = [session_of(line.tokens[0]) for line in self._lines()]
        assert not self.run(self.served.superuser.fetch(query, lines))

    @invariant()
    def what_goes_on_is_what_is_shown(self) -> None:
        for person in self.people:
            request = session_service_pb2.ListUserSessionsRequest(user=person.name, page_size=100)
            _, shown = self.run(self._ask("ListUserSessions", request, person.owner.access_token))
            assert {item.name for item in shown.sessions} == {line.name for line in person.going_on}

    def teardown(self) -> None:
        if getattr(self, "people", None):
            self.run(self._called_back())
            self.run(self._lines_are_single())

    async def _called_back(self) -> None:
        """Every service refuses the access tokens of what was ended, and no other."""
        last = await self.mesh.login(self.people[0].owner.email)
        await self.mesh.logout(last.refresh_token)
        known, claims = self.served.known, await self.mesh.claims(last.access_token)
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not known.refuses(claims):  # noqa: ASYNC110 it is told from another process
                await asyncio.sleep(0.005)
        for line in self._lines():
            for token in line.access:
                if line.called_back or not line.ended:
                    assert known.refuses(await self.mesh.claims(token)) == line.called_back

    async def _lines_are_single(self) -> None:
        """Of all the tokens that were ever given for a session, at most the newest is good."""
        for line in self._lines():
            newest = line.tokens[-1]
            for place in range(len(line.tokens) - 1, -1, -1):
                if not line.open:
                    break
                answer = await self._refreshed(line.tokens[place], 0)
                self._check_refresh(line, line.tokens[::-1].index(line.tokens[place]), 0, *answer)
            if not line.open:
                assert (await self._refreshed(newest, 0))[0] == "TOKEN_INVALID"


@asynccontextmanager
async def serving(start: Any, valkey_url: str) -> AsyncIterator[Served]:
    told = {"redis_url": valkey_url, "revocation_seconds": 0.02, "refresh_retry_seconds": RETRY_SECONDS}
    async with AsyncExitStack() as stack:
        mesh = await stack.enter_async_context(start(**told))
        channels = [
            await stack.enter_async_context(
                grpc.aio.insecure_channel(mesh.address, options=(("grpc.primary_user_agent", client),))
            )
            for client in CLIENTS
        ]
        known = await stack.enter_async_context(following(mesh.settings.redis_url))
        superuser = await asyncpg.connect(mesh.superuser)
        stack.push_async_callback(superuser.close)
        yield Served(asyncio.get_running_loop(), mesh, known, superuser, tuple(channels))


def test_sessions_are_as_meant(start, valkey_url):
    """`SESSION_EXAMPLES` looks longer."""
    loop = asyncio.new_event_loop()
    ready, over = loop.create_future(), asyncio.Event()

    async def serve() -> None:
        async with serving(start, valkey_url) as served:
            ready.set_result(served)
            await over.wait()

    server = loop.create_task(serve())
    loop.run_until_complete(asyncio.wait({server, ready}, return_when=asyncio.FIRST_COMPLETED))
    if server.done():
        server.result()
    SignedIn.served = ready.result()
    try:
        hypothesis.stateful.run_state_machine_as_test(
            SignedIn,
            settings=hypothesis.settings(
                max_examples=EXAMPLES,
                stateful_step_count=STEPS,
                deadline=None,
                suppress_health_check=list(HealthCheck),
                phases=PHASES,
            ),
        )
    finally:
        over.set()
        loop.run_until_complete(server)
        loop.close()
