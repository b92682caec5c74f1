"""What is secret stays out of logs, audit, tables and printed objects."""

import hashlib
import logging
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from joserfc.jwk import ECKey

from auth_service.accounts.model import Account
from auth_service.keys.keyring import SigningKey
from auth_service.organizations.service import Registration
from auth_service.sessions.model import Client, RefreshToken, TokenPair
from bloom.auth.v1 import auth_pb2, directory_service_pb2
from service_runtime.settings import load

WORKLOAD_SECRET = "only-contracts-knows-this-one"


async def test_a_whole_round_leaves_no_secret_behind(mesh, refusal, role, caplog):
    password = "violet-lantern-Bergen-17"
    with caplog.at_level(logging.DEBUG):
        owner = await mesh.register(password=password)
        wrong = await refusal(mesh.login(owner.email, password + "x"))
        signed_in = await mesh.login(owner.email, password)
        pair = await mesh.refresh(signed_in.refresh_token)
        made = await owner.create_service_account(role.VIEWER)
        await owner.create_user(role.VIEWER, password=password, request_id=str(uuid4()))
        token = await mesh.issue(made.client_id, made.client_secret)
        workload = await mesh.issue("contracts", WORKLOAD_SECRET)
        await mesh.exchange(owner.name, owner.organization, workload.access_token)
        await mesh.logout(pair.refresh_token)
    secrets = {
        password, owner.access_token, owner.refresh_token, signed_in.refresh_token, pair.refresh_token,
        made.client_secret, token.access_token, workload.access_token, WORKLOAD_SECRET,
    }  # fmt: skip
    seen = str([vars(record) for record in caplog.records]) + wrong.message + str(wrong.metadata)
    for table in (
        "audit_events",
        "accounts",
        "users",
        "sessions",
        "refresh_tokens",
        "service_accounts",
        "idempotency",
    ):
        seen += str([dict(row) for row in await mesh.rows(f"SELECT * FROM {table}")])
    assert "session.began" in seen
    assert not [secret for secret in secrets if secret in seen]


async def test_the_kept_request_is_no_fast_hash_of_the_password(mesh, owner, role):
    request_id, email = str(uuid4()), f"{uuid4().hex}@mail.example"
    await owner.create_user(role.VIEWER, email=email, request_id=request_id, password="violet-lantern-17")
    request = directory_service_pb2.CreateUserRequest(
        user=auth_pb2.User(email=email, roles=[role.VIEWER]),
        password="violet-lantern-17",
        request_id=request_id,
    )
    guess = request.DESCRIPTOR.full_name.encode() + b"\0" + request.SerializeToString(deterministic=True)
    (row,) = await mesh.rows("SELECT content FROM idempotency WHERE request_id = $1", request_id)
    assert row["content"] != hashlib.sha256(guess).digest()


def test_objects_with_secrets_do_not_print_them(settings_of):
    word = "the-secret-word-of-at-least-32-characters"
    org, token = uuid4(), RefreshToken.new(uuid4(), uuid4())
    settings = settings_of(jwt_secret=word, workload_secrets=f'{{"contracts": "{word}"}}')
    objects = [
        settings,
        Account(org, "a@b.example", org, word),
        Registration("Org", "a@b.example", "Ada", Client(), word),
        TokenPair(word, 600, word),
    ]
    assert word not in str(objects)
    assert str(token.secret) not in repr(token)
    key = ECKey.generate_key("P-256")
    assert str(key.as_dict(private=True)["d"]) not in repr(SigningKey("kid", "ES256", datetime.now(UTC), key))


@pytest.mark.parametrize(
    ("name", "value"), [("JWT_SECRET", "too-short"), ("WORKLOAD_SECRETS", '{"contracts": "short-one"}'),
                        ("WORKLOAD_SECRETS", "{not json-secret")],
)  # fmt: skip
def test_a_wrong_setting_is_named_and_not_shown(settings_of, monkeypatch, name, value):
    good = {"DATABASE_URL": "postgresql://u@h/d", "JWT_SECRET": "x" * 32}
    for key, setting in (good | {name: value}).items():
        monkeypatch.setenv(key, setting)
    with pytest.raises(SystemExit) as stopped:
        load(type(settings_of()))
    assert name in str(stopped.value)
    for secret in ("too-short", "short-one", "json-secret"):
        assert secret not in str(stopped.value)
