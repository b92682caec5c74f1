"""Row-level security, as the role that the service has: no tenant, and another tenant."""

from uuid import UUID, uuid4

import asyncpg
import pytest

from auth_service.accounts import store as accounts
from auth_service.accounts.model import Account
from service_runtime.postgres import Postgres
from services.auth.tests.second_factors import Factors

TABLES = (
    "organizations",
    "users",
    "service_accounts",
    "sessions",
    "refresh_tokens",
    "custom_roles",
    "api_keys",
    "factors",
    "recovery_codes",
    "challenges",
)
INSERTS = {
    "organizations": "INSERT INTO organizations (org_id, display_name) VALUES ($1, 'x')",
    "users": "INSERT INTO users (org_id, id, email, roles) VALUES ($1, $2, 'x', '{1}')",
    "service_accounts": """INSERT INTO service_accounts (org_id, id, display_name, roles, secret_hash)
                           VALUES ($1, $2, 'x', '{2}', '')""",
    "sessions": "INSERT INTO sessions (org_id, id, user_id, expires_at) VALUES ($1, $2, $2, now())",
    "refresh_tokens": """INSERT INTO refresh_tokens (org_id, session_id, hash, generation)
                         VALUES ($1, $2, '', 9)""",
    "custom_roles": """INSERT INTO custom_roles (org_id, id, display_name, permissions)
                       VALUES ($1, $2, 'x', '{10}')""",
    "api_keys": """INSERT INTO api_keys (org_id, id, user_id, display_name, scopes, secret_hash, expires_at)
                   VALUES ($1, $2, $2, 'x', '{10}', '', now())""",
    "factors": """INSERT INTO factors (org_id, id, user_id, kind, display_name, wrapped)
                  VALUES ($1, $2, $2, 1, 'x', '')""",
    "recovery_codes": "INSERT INTO recovery_codes (org_id, user_id, hash) VALUES ($1, $2, '')",
    "challenges": """INSERT INTO challenges (org_id, id, hash, purpose, expires_at)
                     VALUES ($1, $2, '', 1, now())""",
}


@pytest.fixture
async def postgres(databases):
    connected = await Postgres.connect(databases.app("auth"), size=2)
    yield connected
    await connected.close()


@pytest.fixture
async def filled(owner, role):
    """An organization with a row in every table."""
    await owner.create_service_account(role.VIEWER)
    await owner.create_role("CONTRACTS_READ")
    await owner.create_key("CONTRACTS_READ")
    await Factors(owner).add_totp()
    await Factors(owner).start_passkey()
    return owner


@pytest.fixture(params=["no tenant", "another tenant"])
def stranger(request, postgres):
    """Transactions of nobody, and of somebody else."""
    return postgres.unscoped if request.param == "no tenant" else lambda: postgres.transaction(uuid4())


@pytest.mark.parametrize("table", TABLES)
async def test_a_strangers_transaction_sees_and_changes_no_row(mesh, filled, stranger, table):
    assert await mesh.rows(f"SELECT FROM {table} WHERE org_id = $1", filled.org_id)
    async with stranger() as connection:
        assert await connection.fetchval(f"SELECT count(*) FROM {table}") == 0
        assert await connection.execute(f"UPDATE {table} SET org_id = org_id") == "UPDATE 0"
        assert await connection.execute(f"DELETE FROM {table}") == "DELETE 0"
    assert await mesh.rows(f"SELECT FROM {table} WHERE org_id = $1", filled.org_id)


@pytest.mark.parametrize("table", TABLES)
async def test_a_strangers_transaction_adds_no_row(filled, stranger, table):
    statement = INSERTS[table]
    arguments = (filled.org_id, uuid4())[: (statement.count("$2") and 2) or 1]
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
        async with stranger() as connection:
            await connection.execute(statement, *arguments)


async def test_a_row_cannot_be_moved_to_another_tenant(postgres, filled):
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
        async with postgres.transaction(filled.org_id) as connection:
            await connection.execute("UPDATE service_accounts SET org_id = $1", uuid4())


async def test_an_account_is_seen_only_by_who_names_its_email(postgres, owner):
    async with postgres.transaction(owner.org_id) as connection:
        assert await connection.fetchval("SELECT count(*) FROM accounts") == 0
        await connection.execute("SELECT set_config('app.account_email', $1, true)", owner.email)
        assert await connection.fetchval("SELECT count(*) FROM accounts") == 1
    async with postgres.unscoped() as connection:
        assert await connection.fetchval("SELECT count(*) FROM accounts") == 0, (
            "the name outlived its transaction"
        )
        await connection.execute("SELECT set_config('app.account_email', $1, true)", owner.email)
        assert await connection.fetchval("SELECT count(*) FROM accounts") == 1


async def test_an_account_is_changed_only_from_its_own_organization(postgres, owner):
    change = "UPDATE accounts SET password_hash = 'stolen' WHERE email = $1"
    for tenant in (UUID(int=0), uuid4()):
        async with postgres.transaction(tenant) as connection:
            await connection.execute("SELECT set_config('app.account_email', $1, true)", owner.email)
            assert await connection.execute(change, owner.email) == "UPDATE 0"
    async with postgres.transaction(owner.org_id) as connection:
        await connection.execute("SELECT set_config('app.account_email', $1, true)", owner.email)
        assert await connection.execute("DELETE FROM accounts WHERE email = $1", owner.email) == "DELETE 0"


async def test_an_account_is_not_made_for_another_organization(postgres, owner):
    account = Account(uuid4(), "x@y.example", owner.org_id, "")
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
        async with postgres.transaction(uuid4()) as connection:
            await accounts.insert(connection, account)


async def test_the_role_owns_nothing(postgres):
    async with postgres.unscoped() as connection:
        owned = await connection.fetchval(
            "SELECT count(*) FROM pg_class WHERE relowner = current_user::regrole"
        )
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("ALTER TABLE users DISABLE ROW LEVEL SECURITY")
    assert owned == 0


async def test_every_index_of_a_tenant_table_begins_with_the_organization(mesh):
    loose = await mesh.rows(
        """SELECT indexrelid::regclass::text AS name FROM pg_index JOIN pg_class ON pg_class.oid = indrelid
           JOIN pg_attribute ON attrelid = indrelid AND attnum = indkey[0]
           WHERE relname = ANY($1) AND attname <> 'org_id'""",
        list(TABLES),
    )
    assert [row["name"] for row in loose] == []
