"""Where somebody is signed in: listed, ended one by one or together, by whom it may be."""

from bloom.auth.v1 import session_service_pb2, session_service_pb2_grpc
from bloom.options.v1 import policy_pb2

WORKLOAD_SECRET = "only-contracts-knows-this-one"
ADMIN, VIEWER = policy_pb2.ROLE_ADMIN, policy_pb2.ROLE_VIEWER


class Sessions:
    """SessionService, as somebody."""

    def __init__(self, caller):
        self._stub = session_service_pb2_grpc.SessionServiceStub(caller.mesh.channel)
        self._metadata = caller.metadata

    async def listed(self, **fields) -> list[session_service_pb2.Session]:
        request = session_service_pb2.ListSessionsRequest(**fields)
        return list((await self._stub.ListSessions(request, metadata=self._metadata)).sessions)

    async def end(self, name: str) -> None:
        request = session_service_pb2.DeleteSessionRequest(name=name)
        await self._stub.DeleteSession(request, metadata=self._metadata)

    async def end_all(self, *, keep_current: bool = False) -> int:
        request = session_service_pb2.EndSessionsRequest(keep_current=keep_current)
        return (await self._stub.EndSessions(request, metadata=self._metadata)).ended

    async def of(self, user: str) -> list[session_service_pb2.Session]:
        request = session_service_pb2.ListUserSessionsRequest(user=user)
        return list((await self._stub.ListUserSessions(request, metadata=self._metadata)).sessions)

    async def end_all_of(self, user: str) -> int:
        request = session_service_pb2.EndUserSessionsRequest(user=user)
        return (await self._stub.EndUserSessions(request, metadata=self._metadata)).ended


async def test_each_sign_in_is_a_session_of_its_own(mesh, owner):
    other = await mesh.login(owner.email)
    first, second = reversed(await Sessions(owner).listed())
    assert (first.user, first.current, second.current) == (owner.name, True, False)
    assert first.user_agent.startswith("grpc-")
    assert second.expire_time.ToDatetime() > second.create_time.ToDatetime()
    assert [item.current for item in await Sessions(other).listed()] == [True, False]


async def test_pages_of_sessions_hold_each_once(mesh, owner):
    for _ in range(4):
        await mesh.login(owner.email)
    stub, seen, token = session_service_pb2_grpc.SessionServiceStub(mesh.channel), [], ""
    while True:
        request = session_service_pb2.ListSessionsRequest(page_size=2, page_token=token)
        answer = await stub.ListSessions(request, metadata=owner.metadata)
        seen += [item.name for item in answer.sessions]
        token = answer.next_page_token
        if not token:
            break
    assert len(seen) == len(set(seen)) == 5


async def test_an_ended_session_refreshes_no_more_and_ending_it_twice_is_nothing_new(mesh, owner, refusal):
    other = await mesh.login(owner.email)
    (name,) = [item.name for item in await Sessions(owner).listed() if not item.current]
    for _ in range(2):
        await Sessions(owner).end(name)
    assert (await refusal(mesh.refresh(other.refresh_token))).reason_name == "TOKEN_INVALID"
    assert len(await Sessions(owner).listed()) == 1
    assert (await mesh.actions(owner.org_id)).count("session.ended") == 1
    assert await mesh.refresh(owner.refresh_token)


async def test_all_other_sessions_are_ended(mesh, owner, refusal):
    others = [await mesh.login(owner.email) for _ in range(3)]
    assert await Sessions(owner).end_all(keep_current=True) == 3
    for other in others:
        assert (await refusal(mesh.refresh(other.refresh_token))).reason_name == "TOKEN_INVALID"
    assert await Sessions(owner).end_all() == 1
    assert (await refusal(mesh.refresh(owner.refresh_token))).reason_name == "TOKEN_INVALID"


async def test_others_sessions_are_for_who_may_change_users_and_an_owners_for_owners(mesh, owner, refusal):
    admin, viewer = await mesh.member(owner, ADMIN), await mesh.member(owner, VIEWER)
    (of_viewer,) = await Sessions(viewer).listed()
    for refused in (
        Sessions(viewer).of(owner.name),
        Sessions(viewer).end_all_of(owner.name),
        Sessions(admin).end_all_of(owner.name),
    ):
        assert (await refusal(refused)).reason_name == "PERMISSION_DENIED"
    assert (await refusal(Sessions(admin).end(of_viewer.name))).reason_name == "NOT_FOUND"
    assert [item.name for item in await Sessions(admin).of(viewer.name)] == [of_viewer.name]
    assert await Sessions(admin).end_all_of(viewer.name) == 1
    assert (await refusal(mesh.refresh(viewer.refresh_token))).reason_name == "TOKEN_INVALID"
    assert await mesh.refresh(owner.refresh_token)


async def test_another_organizations_sessions_are_not_there(mesh, owner, refusal):
    stranger = await mesh.register()
    (session,) = await Sessions(owner).listed()
    assert (await refusal(Sessions(stranger).end(session.name))).reason_name == "NOT_FOUND"
    assert (await refusal(Sessions(stranger).end_all_of(owner.name))).reason_name == "NOT_FOUND"
    assert (await refusal(Sessions(stranger).of(owner.name))).reason_name == "NOT_FOUND"
    assert await mesh.refresh(owner.refresh_token)


async def test_a_token_that_came_of_no_session_ends_none(mesh, owner, refusal):
    """An API key, or a token that a service took for later, must not sign its owner out."""
    workload = (await mesh.issue("contracts", WORKLOAD_SECRET)).access_token
    given = await mesh.exchange(owner.name, owner.organization, workload)
    (session,) = await Sessions(owner).listed()
    robot = Sessions(type(owner)(mesh, given.access_token))
    assert await robot.listed() == []
    assert await robot.end_all() == 0
    assert (await refusal(robot.end(session.name))).reason_name == "NOT_FOUND"
    assert await mesh.refresh(owner.refresh_token)


async def test_a_program_has_no_sessions(mesh, owner):
    made = await owner.create_service_account(VIEWER)
    token = (await mesh.issue(made.client_id, made.client_secret)).access_token
    robot = Sessions(type(owner)(mesh, token))
    assert await robot.listed() == []
    assert await robot.end_all() == 0
