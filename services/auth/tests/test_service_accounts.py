"""Service accounts: a secret shown once, roles without ownership, gone at once."""

from uuid import uuid4

import pytest

from auth_service.service_accounts.model import new_secret, organization_of
from bloom.auth.v1 import directory_service_pb2


async def delete(caller, name: str) -> None:
    request = directory_service_pb2.DeleteServiceAccountRequest(name=name)
    await caller.mesh.directory.DeleteServiceAccount(request, metadata=caller.metadata)


async def listed(caller, size: int = 0, token: str = ""):
    request = directory_service_pb2.ListServiceAccountsRequest(page_size=size, page_token=token)
    return await caller.mesh.directory.ListServiceAccounts(request, metadata=caller.metadata)


async def test_its_token_carries_the_permissions_of_its_roles(mesh, owner, role):
    made = await owner.create_service_account(role.FINANCE)
    pair = await mesh.issue(made.client_id, made.client_secret)
    claims = await mesh.claims(pair.access_token)
    assert claims["sub"] == made.service_account.name == f"serviceAccounts/{made.client_id}"
    assert (claims["org"], claims["roles"]) == (str(owner.org_id), ["FINANCE"])
    assert pair.refresh_token == ""
    me = await type(owner)(mesh, pair.access_token).me()
    assert (me.subject, me.display_name, me.email) == (made.service_account.name, "Robot", "")


async def test_the_secret_is_nowhere_but_in_the_answer(mesh, owner, role):
    made = await owner.create_service_account(role.VIEWER)
    (row,) = await mesh.rows("SELECT * FROM service_accounts WHERE id = $1::text::uuid", made.client_id)
    assert made.client_secret not in str(dict(row))
    assert made.client_secret not in str(await listed(owner))
    assert made.client_secret.startswith("bsa_")
    assert len(row["secret_hash"]) == 32


async def test_a_secret_of_another_account_does_not_open_it(mesh, owner, refusal, role):
    other = await mesh.register()
    mine, second = (
        await owner.create_service_account(role.ADMIN),
        await owner.create_service_account(role.VIEWER),
    )
    theirs = await other.create_service_account(role.VIEWER)
    for secret in (
        second.client_secret,
        theirs.client_secret,
        new_secret(owner.org_id),
        mine.client_secret[:-1],
    ):
        assert (await refusal(mesh.issue(mine.client_id, secret))).reason_name == "CREDENTIALS_INVALID"


async def test_a_deleted_account_gets_nothing_any_more(mesh, owner, refusal, role):
    made = await owner.create_service_account(role.VIEWER)
    token = (await mesh.issue(made.client_id, made.client_secret)).access_token
    await delete(owner, made.service_account.name)
    assert (
        await refusal(mesh.issue(made.client_id, made.client_secret))
    ).reason_name == "CREDENTIALS_INVALID"
    assert (await refusal(type(owner)(mesh, token).me())).reason_name == "TOKEN_INVALID"
    assert (await refusal(delete(owner, made.service_account.name))).reason_name == "NOT_FOUND"
    assert not (await listed(owner)).service_accounts
    assert (await mesh.actions(owner.org_id))[-2:] == ["service_account.created", "service_account.deleted"]


async def test_another_organizations_account_does_not_exist(mesh, owner, refusal, role):
    other, made = await mesh.register(), await owner.create_service_account(role.VIEWER)
    foreign = await refusal(delete(other, made.service_account.name))
    missing = await refusal(delete(other, f"serviceAccounts/{uuid4()}"))
    assert foreign.reason_name == missing.reason_name == "NOT_FOUND"
    assert not (await listed(other)).service_accounts
    assert await mesh.issue(made.client_id, made.client_secret)


async def test_the_list_goes_by_pages_newest_first(owner, role):
    made = [(await owner.create_service_account(role.VIEWER)).service_account.name for _ in range(3)]
    first = await listed(owner, 2)
    second = await listed(owner, 2, first.next_page_token)
    names = [item.name for item in (*first.service_accounts, *second.service_accounts)]
    assert names == made[::-1]
    assert second.next_page_token == ""


async def test_no_program_owns_an_organization(owner, refusal, role):
    for roles in ([role.OWNER], [], [role.VIEWER, role.VIEWER], [99]):
        assert (await refusal(owner.create_service_account(*roles))).reason_name == "INVALID_FIELD"


@pytest.mark.parametrize("secret", ["", "bsa_", "bsa_A", "é" * 64, "bsa_" + "A" * 60])
def test_what_is_no_secret_names_no_organization(secret):
    assert organization_of(secret) is None
