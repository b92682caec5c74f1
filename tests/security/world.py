"""Two organizations with a resource of every kind, and every caller of the first with real tokens."""

import io
import time
import uuid
import zipfile
from dataclasses import replace
from urllib.parse import urlsplit, urlunsplit

import grpc
from google.protobuf import json_format

from bloom.ai.v1 import batch_service_pb2, batch_service_pb2_grpc
from bloom.auth.v1 import auth_service_pb2, auth_service_pb2_grpc
from tests.security.callers import Caller
from tests.security.forgery import SigningKey, secrets_of
from tests.security.schema import ROLES
from tests.security.valid_requests import name_of
from tests.support.client import PASSWORD, WebClient
from tests.support.mesh import RunningMesh

PROCESSES = {"bloom.auth.v1": "auth", "bloom.contracts.v1": "contracts", "bloom.ai.v1": "ai-gateway"}
PROGRAM_ROLE = "ROLE_CONTRACT_MANAGER"
LONG_SECONDS = 86_400
KEY_SCOPES = ("PERMISSION_CONTRACTS_READ", "PERMISSION_APIKEYS_READ")


class World:
    """Made once; the tests change nothing that another test reads."""

    def __init__(self, mesh: RunningMesh) -> None:
        self.mesh = mesh
        self.owner, self.stranger = (
            WebClient.register(mesh.info.rest).confirmed(mesh.info.urls["mail"]) for _ in range(2)
        )
        self.key = SigningKey.of(mesh)
        self.own, self.foreign = resources(self.owner, mesh), resources(self.stranger, mesh)
        # What the tests that delete may have; the resources above stay.
        self.victims = resources(self.owner, mesh)
        self.missing = {kind: name_of(kind, uuid.uuid4()) for kind in self.own}
        self.callers = self._callers()

    def address(self, package: str) -> str:
        """A service's own address; a package that is new must be told here."""
        return self.mesh.info.addresses[PROCESSES[package]]

    def superuser(self, database: str) -> str:
        """Who sees every row."""
        url = urlsplit(self.mesh.info.databases[database].owner)
        place = f"postgres:{secrets_of(self.mesh)['postgres']}@{url.hostname}:{url.port}"
        return urlunsplit(url._replace(netloc=place))

    def _callers(self) -> list[Caller]:
        workload = self.mesh.workload_token()
        people = [
            Caller(role, self.owner.token if role == "ROLE_OWNER" else self.owner.colleague(role).token,
                   roles=(role,))
            for role in ROLES
        ]  # fmt: skip
        program = Caller("service account", program_token(self.owner), roles=(PROGRAM_ROLE,), is_program=True)
        key = Caller("API key", key_token(self.owner), scopes=KEY_SCOPES, is_program=True)
        long_ago = self.key.sign({"auth_time": int(time.time()) - LONG_SECONDS}, of=self.owner.token)
        stale = Caller("owner of long ago", long_ago, roles=("ROLE_OWNER",), seconds_since_shown=LONG_SECONDS)
        exchanged = Caller(
            "exchanged for the owner", self._exchanged(workload), roles=("ROLE_OWNER",),
            seconds_since_shown=None,
        )  # fmt: skip
        no_organization = self.key.sign({"org": None}, of=self.owner.token)
        return [
            Caller("nobody"),
            Caller("workload", workload=workload),
            *people,
            program,
            key,
            stale,
            exchanged,
            *(
                replace(one, name=f"{one.name} by a workload", workload=workload)
                for one in (*people, program, stale, exchanged)
            ),
            Caller("subject of no organization", no_organization, bearer_refused="TOKEN_INVALID"),
            Caller("workload as subject", workload, bearer_refused="TOKEN_INVALID"),
            Caller("subject as workload", self.owner.token, self.owner.token, ("ROLE_OWNER",),
                   workload_refused="TOKEN_INVALID"),
        ]  # fmt: skip

    def _exchanged(self, workload: str) -> str:
        """As a service gets one for work that it does later in the owner's name."""
        request = auth_service_pb2.ExchangeTokenRequest(
            subject=self.owner.subject, organization=self.owner.organization
        )
        with grpc.insecure_channel(self.address("bloom.auth.v1")) as channel:
            stub = auth_service_pb2_grpc.TokenServiceStub(channel)
            answer = stub.ExchangeToken(request, metadata=(("x-bloom-workload", workload),), timeout=20)
        return str(answer.tokens.access_token)


def resources(owner: WebClient, mesh: RunningMesh) -> dict[str, str]:
    """One of each collection, by the collection's name."""
    contract = owner.upload(f"An agreement {uuid.uuid4()} for a term of ten (10) years.".encode())["name"]
    account = owner.post("/v1/serviceAccounts", {"display_name": "x", "roles": ["ROLE_VIEWER"]})
    name = account.raise_for_status().json()["service_account"]["name"]
    scoped = {"owner": name, "display_name": "x", "scopes": ["PERMISSION_CONTRACTS_READ"]}
    invited = {"email": f"{uuid.uuid4()}@example.com", "roles": ["ROLE_VIEWER"]}
    role = {"display_name": "x", "permissions": ["PERMISSION_CONTRACTS_READ"]}
    connection = {
        "display_name": "x", "issuer": "https://login.example.com", "client_id": "x", "client_secret": "x",
        "roles": ["ROLE_VIEWER"],
    }  # fmt: skip
    sso = owner.post("/v1/ssoConnections", {"connection": connection}).raise_for_status().json()["name"]
    operation = owner.finished(contract)["name"]
    columns = {"display_name": "x", "fields": ["capacity"]}
    search = {"display_name": "x", "query": "solar"}
    kept = {"display_name": "x", "anchor": "RETENTION_ANCHOR_IMPORTED", "disposal": "DISPOSAL_REVIEW"}
    budget = name_of("budgets", uuid.uuid4())
    limit = {"period": "PERIOD_DAY", "limit_micro_usd": str(10**12)}
    owner.put(f"/v1/ai/{budget}", limit).raise_for_status()
    return {
        "batches": _batch(owner, mesh),
        "budgets": budget,
        "contracts": contract,
        "imports": _import(owner),
        "exports": _export(owner),
        "holds": owner.post("/v1/holds", {"display_name": "x"}).raise_for_status().json()["name"],
        "retentionClasses": owner.post("/v1/retentionClasses", kept).raise_for_status().json()["name"],
        "savedSearches": owner.post("/v1/savedSearches", search).raise_for_status().json()["name"],
        "columnSets": owner.post("/v1/columnSets", columns).raise_for_status().json()["name"],
        "sessions": _session(owner),
        "operations": operation,
        "users": owner.colleague("ROLE_VIEWER").subject,
        "serviceAccounts": name,
        "apiKeys": owner.post("/v1/apiKeys", scoped).raise_for_status().json()["api_key"]["name"],
        "factors": owner.post("/v1/factors:startTotp", {}).raise_for_status().json()["factor"]["name"],
        "groups": owner.post("/v1/groups", {"display_name": "x"}).raise_for_status().json()["name"],
        "roles": owner.post("/v1/roles", role).raise_for_status().json()["name"],
        "ssoConnections": sso,
        "organizations": owner.organization,
        "invitations": owner.post("/v1/invitations", invited).raise_for_status().json()["name"],
    }


def _session(owner: WebClient) -> str:
    """Another than the one that the tests work in."""
    email = owner.get("/v1/me").raise_for_status().json()["email"]
    owner.post("/v1/auth:login", {"email": email, "password": PASSWORD}).raise_for_status()
    sessions = owner.get("/v1/sessions").raise_for_status().json()["sessions"]
    return str(next(session["name"] for session in sessions if not session["current"]))


def _batch(owner: WebClient, mesh: RunningMesh) -> str:
    """By a service, in the owner's name: from outside none can be created."""
    item = {
        "custom_id": "a",
        "prompt": {"task": "x", "messages": [{"role": 1, "content": [{"text": {"text": "hello"}}]}]},
    }
    request = json_format.ParseDict({"items": [item]}, batch_service_pb2.CreateBatchRequest())
    metadata = (("authorization", f"Bearer {owner.token}"), ("x-bloom-workload", mesh.workload_token()))
    with grpc.insecure_channel(mesh.info.addresses["ai-gateway"]) as channel:
        stub = batch_service_pb2_grpc.BatchServiceStub(channel)
        return str(stub.CreateBatch(request, metadata=metadata, timeout=20).name)


def _import(owner: WebClient) -> str:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as made:
        made.writestr("agreement.txt", f"An agreement {uuid.uuid4()}.")
    asked = owner.http.post("/v1/imports:upload", params={"filename": "a.zip"}, content=held.getvalue())
    return str(owner.until(asked.raise_for_status().json()["name"])["metadata"]["import"])


def _export(owner: WebClient) -> str:
    asked = owner.post("/v1/exports", {}).raise_for_status().json()
    return str(owner.until(asked["name"])["metadata"]["export"])


def program_token(owner: WebClient) -> str:
    """By the client credentials grant, as a program would."""
    made = owner.post("/v1/serviceAccounts", {"display_name": "program", "roles": [PROGRAM_ROLE]})
    given = {key: made.raise_for_status().json()[key] for key in ("client_id", "client_secret")}
    answer = owner.post("/v1/tokens:issue", given)
    return str(answer.raise_for_status().json()["tokens"]["access_token"])


def key_token(owner: WebClient) -> str:
    """For a key of the owner with a few scopes."""
    made = owner.post("/v1/apiKeys", {"owner": owner.subject, "display_name": "key", "scopes": [*KEY_SCOPES]})
    answer = owner.post("/v1/tokens:issue", {"api_key": made.raise_for_status().json()["key"]})
    return str(answer.raise_for_status().json()["tokens"]["access_token"])
