"""Roles under conditions, and departments: who may give them, and what tokens and keys carry of them."""

import asyncio

import grpc
import pytest
from google.type import money_pb2

from bloom.auth.v1 import auth_pb2, directory_service_pb2, role_pb2, role_service_pb2
from bloom.options.v1 import policy_pb2
from service_runtime.clients import domain_error
from service_runtime.conditions.model import from_claims
from service_runtime.policy import methods_of, permission_name, permissions_of
from service_runtime.revocation import following
from services.auth.tests.test_provisioning import Provider

from .conftest import WORKLOAD_SECRET, numbers

MEMBER, VIEWER = policy_pb2.ROLE_MEMBER, policy_pb2.ROLE_VIEWER
PATIENCE_SECONDS = 10
CONDITIONAL = tuple(
    value.name.removeprefix("PERMISSION_")
    for value in policy_pb2.Permission.DESCRIPTOR.values
    if value.GetOptions().Extensions[policy_pb2.conditional]
)


def usd(units: int) -> money_pb2.Money:
    return money_pb2.Money(currency_code="USD", units=units)


OWN = role_pb2.RoleConditions(own_only=True)
DEPARTMENT = role_pb2.RoleConditions(own_department=True)
LIMIT = role_pb2.RoleConditions(value_limit=usd(500))


async def made(caller, conditions: role_pb2.RoleConditions, *permissions: str) -> role_pb2.CustomRole:
    request = role_service_pb2.CreateRoleRequest(
        display_name="Made", permissions=numbers(permissions), conditions=conditions
    )
    return await caller.mesh.roles.CreateRole(request, metadata=caller.metadata)


async def updated(caller, role: role_pb2.CustomRole, *paths: str) -> role_pb2.CustomRole:
    request = role_service_pb2.UpdateRoleRequest(role=role)
    request.update_mask.paths.extend(paths)
    return await caller.mesh.roles.UpdateRole(request, metadata=caller.metadata)


async def placed(caller, user: str, *departments: str) -> auth_pb2.User:
    return await caller.update_user(auth_pb2.User(name=user, departments=departments), "departments")


async def member(mesh, owner, *custom: str, roles=(MEMBER,), departments=()):
    """A user with these roles, in these departments, signed in."""
    user = await owner.create_user(*roles, custom=custom)
    if departments:
        await placed(owner, user.name, *departments)
    return await mesh.login(user.email)


def test_only_what_methods_of_contracts_need_can_have_conditions():
    """Every other method would not ask them."""
    assert {name.split("_")[0] for name in CONDITIONAL} == {"CONTRACTS"}


def test_a_member_has_nothing_about_contracts():
    assert permissions_of(MEMBER) == {"organization.read", "ai.generate"}


async def test_a_token_carries_conditions_beside_what_has_none(mesh, owner):
    own = await made(owner, OWN, "CONTRACTS_READ", "CONTRACTS_WRITE")
    small = await made(owner, LIMIT, "CONTRACTS_READ")
    plain = await owner.create_role("CONTRACTS_ASK")
    holder = await member(mesh, owner, own.name, small.name, plain.name, departments=("Sales", "Legal"))
    claims = await mesh.claims(holder.access_token)
    assert claims["perms"] == ["ai.generate", "contracts.ask", "organization.read"]
    assert sorted(claims["conds"], key=str) == [
        {"perms": ["contracts.read", "contracts.write"], "own": True},
        {"perms": ["contracts.read"], "max": ["USD", "500.0000"]},
    ]
    assert claims["dept"] == ["Legal", "Sales"]
    refreshed = await mesh.refresh(holder.refresh_token)
    assert (await mesh.claims(refreshed.access_token))["conds"] == claims["conds"]
    assert "contracts.read" in (await holder.me()).permissions


async def test_who_has_no_conditions_gets_the_token_that_he_always_got(mesh, owner):
    for caller in (owner, await member(mesh, owner, departments=("Legal",))):
        assert not {"conds", "dept"} & (await mesh.claims(caller.access_token)).keys()


async def test_what_a_fixed_role_grants_has_no_conditions(mesh, owner):
    own = await made(owner, OWN, "CONTRACTS_READ", "CONTRACTS_WRITE")
    claims = await mesh.claims((await member(mesh, owner, own.name, roles=(VIEWER,))).access_token)
    assert "contracts.read" in claims["perms"]
    assert claims["conds"] == [{"perms": ["contracts.write"], "own": True}]


async def test_what_another_custom_role_grants_has_no_conditions(mesh, owner):
    own, plain = await made(owner, OWN, "CONTRACTS_READ"), await owner.create_role("CONTRACTS_READ")
    claims = await mesh.claims((await member(mesh, owner, own.name, plain.name)).access_token)
    assert "contracts.read" in claims["perms"]
    assert "conds" not in claims


async def test_a_token_stays_small_enough_for_a_header(mesh, owner):
    """As much as anybody can have: the rest of the conditional roles is not granted."""
    held = []
    for units in range(10):
        limit = role_pb2.RoleConditions(own_only=True, own_department=True, value_limit=usd(units + 10**14))
        held.append((await made(owner, limit, *CONDITIONAL)).name)
    holder = await member(mesh, owner, *held, departments=[f"{number:\U0001f3db<40}" for number in range(10)])
    assert len(from_claims(await mesh.claims(holder.access_token)).grants) == 6
    assert len(holder.access_token) < 6_000


@pytest.mark.parametrize("permission", ["USERS_WRITE", "AI_GENERATE", "ROLES_WRITE"])
async def test_what_no_method_asks_is_in_no_role_with_conditions(owner, refusal, permission):
    call = made(owner, OWN, "CONTRACTS_READ", permission)
    assert (await refusal(call)).reason_name == "INVALID_FIELD"
    plain = await owner.create_role(permission)
    plain.conditions.CopyFrom(OWN)
    assert (await refusal(updated(owner, plain, "conditions"))).reason_name == "INVALID_FIELD"
    own = await made(owner, OWN, "CONTRACTS_READ")
    own.permissions[:] = numbers([permission])
    assert (await refusal(updated(owner, own, "permissions"))).reason_name == "INVALID_FIELD"


@pytest.mark.parametrize(
    "limit",
    [
        money_pb2.Money(currency_code="usd", units=1),
        money_pb2.Money(currency_code="", units=1),
        money_pb2.Money(currency_code="USD", units=-1),
        money_pb2.Money(currency_code="USD", units=900_000_000_000_001),
        money_pb2.Money(currency_code="USD", units=1, nanos=1),
    ],
)
async def test_a_limit_has_its_rules(owner, refusal, limit):
    conditions = role_pb2.RoleConditions(value_limit=limit)
    assert (await refusal(made(owner, conditions, "CONTRACTS_READ"))).reason_name == "INVALID_FIELD"
    role = await made(owner, OWN, "CONTRACTS_READ")
    role.conditions.CopyFrom(conditions)
    assert (await refusal(updated(owner, role, "conditions"))).reason_name == "INVALID_FIELD"


async def test_conditions_are_kept_changed_taken_away_and_told(mesh, owner):
    everything = role_pb2.RoleConditions(own_only=True, own_department=True, value_limit=usd(7))
    role = await made(owner, everything, "CONTRACTS_READ")
    assert role.conditions == everything
    role.conditions.CopyFrom(LIMIT)
    changed = await updated(owner, role)
    assert changed.conditions == LIMIT
    assert not (await updated(owner, role_pb2.CustomRole(name=role.name), "conditions")).HasField(
        "conditions"
    )
    told = [event["detail"] for event in await mesh.audited(owner.org_id) if "role" in event["action"]]
    assert [detail.get("conditions") for detail in told] == [
        "own,department,value up to 7.0000 USD", "value up to 500.0000 USD", "",
    ]  # fmt: skip


async def test_what_somebody_has_under_conditions_he_grants_to_nobody(mesh, owner, refusal):
    clerks = await owner.create_role("ROLES_WRITE", "USERS_WRITE", "USERS_READ")
    own = await made(owner, OWN, "CONTRACTS_READ")
    plain = await owner.create_role("CONTRACTS_READ")
    clerk = await member(mesh, owner, clerks.name, own.name)
    other = await owner.create_user(MEMBER)
    own.conditions.CopyFrom(DEPARTMENT)
    for call in (
        clerk.create_role("CONTRACTS_READ"),
        made(clerk, OWN, "CONTRACTS_READ"),
        updated(clerk, own, "conditions"),
        updated(clerk, role_pb2.CustomRole(name=own.name), "conditions"),
        clerk.grant(other.name, own.name),
        clerk.grant(other.name, plain.name),
        clerk.grant(clerk.name, clerks.name, own.name, plain.name),
        clerk.create_user(VIEWER),
    ):
        assert (await refusal(call)).reason_name == "PERMISSION_DENIED"


async def test_another_department_is_given_by_who_has_what_it_opens(mesh, owner, refusal):
    clerks = await owner.create_role("USERS_WRITE", "USERS_READ")
    ours = await made(owner, DEPARTMENT, "CONTRACTS_READ")
    clerk = await member(mesh, owner, clerks.name, ours.name, departments=("Legal",))
    assert (await refusal(placed(clerk, clerk.name, "Legal", "Sales"))).reason_name == "PERMISSION_DENIED"
    bystander = await owner.create_user(MEMBER)
    assert list((await placed(clerk, bystander.name, "Sales")).departments) == ["Sales"]
    assert list((await placed(clerk, clerk.name)).departments) == []


async def test_a_role_that_a_group_brings_counts_as_well(mesh, owner, refusal):
    clerks = await owner.create_role("USERS_WRITE", "USERS_READ")
    ours = await made(owner, DEPARTMENT, "CONTRACTS_READ")
    clerk = await member(mesh, owner, clerks.name, departments=("Legal",))
    provider = Provider(owner)
    await provider.mapped(await provider.group(clerk.name), custom=(ours.name,))
    clerk = await mesh.login(clerk.email)
    grants = (await mesh.claims(clerk.access_token))["conds"]
    assert grants
    assert (await refusal(placed(clerk, clerk.name, "Legal", "Sales"))).reason_name == "PERMISSION_DENIED"


async def test_departments_are_made_with_a_user_and_told(mesh, owner):
    user = auth_pb2.User(email="x-conditions@mail.example", roles=[MEMBER], departments=["b", "a", "b"])
    request = directory_service_pb2.CreateUserRequest(user=user, password="correct-horse-battery-9")
    new = await mesh.directory.CreateUser(request, metadata=owner.metadata)
    assert list(new.departments) == ["a", "b"]
    await placed(owner, new.name, "a")
    told = [event["detail"] for event in await mesh.audited(owner.org_id) if "user." in event["action"]]
    assert [detail["departments"] for detail in told] == ["a,b", "a"]
    assert told[-1]["departments_before"] == "a,b"


@pytest.mark.parametrize("departments", [["x" * 41], [""], ["a\nb"], [str(number) for number in range(11)]])
async def test_departments_have_their_rules(owner, refusal, departments):
    user = await owner.create_user(MEMBER)
    assert (await refusal(placed(owner, user.name, *departments))).reason_name == "INVALID_FIELD"


async def test_a_department_that_is_taken_away_calls_the_token_back(start, valkey_url):
    async with start(redis_url=valkey_url, revocation_seconds=0.02) as mesh:
        owner = await mesh.register()
        role = await made(owner, DEPARTMENT, "CONTRACTS_READ")
        holder = await member(mesh, owner, role.name, departments=("Legal", "Sales"))
        await placed(owner, holder.name, "Legal")
        async with following(mesh.settings.redis_url) as known, asyncio.timeout(PATIENCE_SECONDS):
            while not known.refuses(await mesh.claims(holder.access_token)):  # noqa: ASYNC110 told by a stream
                await asyncio.sleep(0.01)
        with pytest.raises(grpc.aio.AioRpcError):
            await mesh.refresh(holder.refresh_token)
        again = await mesh.claims((await mesh.login(holder.email)).access_token)
        assert again["dept"] == ["Legal"]


async def test_a_key_is_never_wider_than_its_owner(mesh, owner, refusal):
    keys = await owner.create_role("APIKEYS_WRITE", "CONTRACTS_ASK")
    own = await made(owner, OWN, "CONTRACTS_READ", "CONTRACTS_WRITE")
    holder = await member(mesh, owner, keys.name, own.name, departments=("Legal",))
    key = (await holder.create_key("CONTRACTS_READ", "CONTRACTS_ASK")).key
    claims = await mesh.claims((await mesh.with_key(key)).access_token)
    assert claims["perms"] == ["contracts.ask"]
    assert claims["conds"] == [{"perms": ["contracts.read"], "own": True}]
    assert claims["dept"] == ["Legal"]
    assert (await refusal(holder.create_key("CONTRACTS_DELETE"))).reason_name == "INVALID_FIELD"
    # The role loses its conditions, or gets more of them: the key follows at its next exchange.
    await updated(owner, role_pb2.CustomRole(name=own.name, conditions=LIMIT), "conditions")
    claims = await mesh.claims((await mesh.with_key(key)).access_token)
    assert claims["conds"] == [{"perms": ["contracts.read"], "max": ["USD", "500.0000"]}]


async def test_nobody_makes_a_key_of_a_program_that_has_fewer_conditions_than_he(mesh, owner, refusal):
    keys = await owner.create_role("APIKEYS_WRITE")
    own = await made(owner, OWN, "CONTRACTS_READ")
    holder = await member(mesh, owner, keys.name, own.name)
    program = (await owner.create_service_account(VIEWER)).service_account.name
    refused = await refusal(holder.create_key("CONTRACTS_READ", owner=program))
    assert refused.reason_name == "PERMISSION_DENIED"


async def test_programs_and_exchanged_tokens_carry_them_too(mesh, owner):
    own = await made(owner, OWN, "CONTRACTS_READ")
    expected = [{"perms": ["contracts.read"], "own": True}]
    program = await owner.create_service_account(MEMBER, custom=(own.name,))
    issued = await mesh.issue(program.client_id, program.client_secret)
    assert (await mesh.claims(issued.access_token))["conds"] == expected
    holder = await member(mesh, owner, own.name)
    workload = (await mesh.issue("contracts", WORKLOAD_SECRET)).access_token
    exchanged = await mesh.exchange(holder.name, owner.organization, workload)
    assert (await mesh.claims(exchanged.access_token))["conds"] == expected


async def test_methods_that_ask_nothing_take_no_grant_under_conditions(mesh, owner):
    """As if a row had been written past the rules: no permission but those of contracts comes of it."""
    own = await made(owner, OWN, "CONTRACTS_READ")
    await mesh.rows(
        "UPDATE custom_roles SET permissions = $2 WHERE id = $1::text::uuid",
        own.name.rpartition("/")[2], numbers(["USERS_READ", "CONTRACTS_READ"]),
    )  # fmt: skip
    holder = await member(mesh, owner, own.name)
    assert (await mesh.claims(holder.access_token))["conds"] == [{"perms": ["contracts.read"], "own": True}]
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await holder.get_user(owner.name)
    assert domain_error(refused.value, "auth").reason_name == "PERMISSION_DENIED"
    needs = {method.permission for method in methods_of("bloom.auth.v1.DirectoryService")}
    assert not needs & {permission_name(number) for number in numbers(CONDITIONAL)}
