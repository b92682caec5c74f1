"""A page that is full to its last row is the last one, and says so."""

from bloom.auth.v1 import (
    api_key_service_pb2,
    directory_service_pb2,
    role_service_pb2,
    session_service_pb2,
    session_service_pb2_grpc,
)

COUNT = 3


async def check_last(call, request_of, field: str) -> None:
    """All in one page; then one after the other."""
    whole = await call(request_of(page_size=COUNT))
    assert (len(getattr(whole, field)), whole.next_page_token) == (COUNT, "")
    seen, token = [], ""
    for left in range(COUNT, 0, -1):
        answer = await call(request_of(page_size=1, page_token=token))
        seen += list(getattr(answer, field))
        token = answer.next_page_token
        assert bool(token) == (left > 1)
    assert seen == list(getattr(whole, field))


async def test_users(mesh, owner, role):
    for _ in range(COUNT - 1):
        await owner.create_user(role.VIEWER)

    async def call(request):
        return await mesh.directory.ListUsers(request, metadata=owner.metadata)

    await check_last(call, directory_service_pb2.ListUsersRequest, "users")


async def test_service_accounts(mesh, owner, role):
    for _ in range(COUNT):
        await owner.create_service_account(role.VIEWER)

    async def call(request):
        return await mesh.directory.ListServiceAccounts(request, metadata=owner.metadata)

    await check_last(call, directory_service_pb2.ListServiceAccountsRequest, "service_accounts")


async def test_api_keys(mesh, owner):
    for _ in range(COUNT):
        await owner.create_key("CONTRACTS_READ")

    async def call(request):
        return await mesh.api_keys.ListApiKeys(request, metadata=owner.metadata)

    await check_last(call, api_key_service_pb2.ListApiKeysRequest, "api_keys")
    event = (await mesh.audited(owner.org_id))[-1]
    assert (event["action"], event["resource"]) == ("api_key.listed", owner.organization)


async def test_roles(mesh, owner):
    for _ in range(COUNT):
        await owner.create_role("CONTRACTS_READ")

    async def call(request):
        return await mesh.roles.ListRoles(request, metadata=owner.metadata)

    await check_last(call, role_service_pb2.ListRolesRequest, "roles")


async def test_sessions(mesh, owner):
    for _ in range(COUNT - 1):
        await mesh.login(owner.email)
    stub = session_service_pb2_grpc.SessionServiceStub(mesh.channel)

    async def call(request):
        return await stub.ListSessions(request, metadata=owner.metadata)

    await check_last(call, session_service_pb2.ListSessionsRequest, "sessions")
