"""Every method × every caller × own, foreign and missing resources; what is expected comes from the schema.

A method that is added is in the matrix by itself; one for which no request can be built fails it.
"""

import importlib
import importlib.resources
import json
import re
import uuid

import grpc
import httpx
import pytest
from google.api import annotations_pb2
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from bloom.options.v1 import policy_pb2
from service_runtime.policy import Method, methods_of, permissions_of
from tests.support.client import PASSWORD, WebClient
from tests.support.mesh import RunningMesh

PROCESSES = {"bloom.auth.v1": "auth", "bloom.contracts.v1": "contracts", "bloom.ai.v1": "ai-gateway"}


def declared_services() -> dict[str, str]:
    """Every service of the descriptor set, with the process that serves it."""
    described = importlib.resources.files("bloom").joinpath("descriptors.binpb").read_bytes()
    services = {}
    for file in descriptor_pb2.FileDescriptorSet.FromString(described).file:
        if file.package.startswith("bloom.") and file.service:
            importlib.import_module(file.name.removesuffix(".proto").replace("/", ".") + "_pb2")
            services |= {
                f"{file.package}.{service.name}": PROCESSES[file.package] for service in file.service
            }
    return services


SERVICES = declared_services()
METHODS = [method for service in SERVICES for method in methods_of(service)]
ROLES = policy_pb2.Role.keys()[1:]
CALLERS = ("nobody", "workload", *ROLES)
DENIALS = {"TOKEN_MISSING", "PERMISSION_DENIED", "WORKLOAD_REQUIRED"}
TEXT = b"An agreement about fuel cells whose initial term shall be ten (10) years."


class World:
    """Two organizations with a resource of every kind, and a token of every caller in the first."""

    def __init__(self, mesh: RunningMesh) -> None:
        self.mesh = mesh
        self.owner = WebClient.register(mesh.info.rest)
        self.own, self.foreign = (
            self._resources(self.owner),
            self._resources(WebClient.register(mesh.info.rest)),
        )
        self.missing = {kind: f"{kind}/{uuid.uuid4()}" for kind in self.own}
        self.tokens = {role: self.owner.colleague(role).token for role in ROLES}
        self.workload = mesh.workload_token()
        self.channels = {
            service: grpc.insecure_channel(mesh.info.addresses[name]) for service, name in SERVICES.items()
        }

    @staticmethod
    def _resources(owner: WebClient) -> dict[str, str]:
        contract = owner.upload(TEXT + uuid.uuid4().bytes.hex().encode())["name"]
        account = owner.post("/v1/serviceAccounts", {"display_name": "x", "roles": ["ROLE_VIEWER"]}).json()
        return {
            "contracts": contract,
            "operations": owner.analyze(contract),
            "users": owner.colleague("ROLE_VIEWER").subject,
            "serviceAccounts": account["service_account"]["name"],
            "organizations": owner.organization,
        }

    def headers(self, caller: str, *, workload: bool = False) -> list[tuple[str, str]]:
        headers = [("authorization", f"Bearer {self.tokens[caller]}")] if caller in self.tokens else []
        return headers + ([("x-bloom-workload", self.workload)] if workload or caller == "workload" else [])


@pytest.fixture(scope="module")
def world(mesh: RunningMesh) -> World:
    return World(mesh)


def body_of(method: Method, resources: dict[str, str]) -> dict[str, object]:
    """The least request that keeps the schema's rules."""
    prompt = {"task": "test", "messages": [{"role": "ROLE_USER", "content": [{"text": {"text": "hello"}}]}]}
    email = f"{uuid.uuid4()}@example.com"
    named = {
        "RegisterOrganization": {"display_name": "x", "email": email, "password": PASSWORD},
        "Login": {"email": "nobody@example.com", "password": "x"},
        "RefreshToken": {"refresh_token": "x"},
        "Logout": {"refresh_token": "x"},
        "IssueToken": {"client_id": "x", "client_secret": "x"},
        "ExchangeToken": {"subject": resources["users"], "organization": resources["organizations"]},
        "CreateUser": {
            "user": {"email": email, "roles": ["ROLE_VIEWER"]}, "password": PASSWORD,
        },
        "UpdateUser": {"user": {"name": resources["users"], "display_name": "y"}},
        "CreateServiceAccount": {"display_name": "x", "roles": ["ROLE_VIEWER"]},
        "UpdateContract": {"contract": {"name": resources["contracts"], "label": "y"}},
        "UploadContract": {"filename": "a.txt", "content": {"data": "aGVsbG8gd29ybGQ="}},
        "SearchContracts": {"query": "fuel"},
        "AskContract": {"name": resources["contracts"], "question": "How long?"},
        "Generate": {"prompt": prompt},
        "StreamGenerate": {"prompt": prompt},
        "CountTokens": {"prompt": prompt},
    }  # fmt: skip
    if method.name in named:
        return named[method.name]
    pattern = pattern_of(method)
    if not pattern:
        return {}
    field, kind = pattern
    return {field: resources[kind]}


def pattern_of(method: Method) -> tuple[str, str] | None:
    """(`name`, `contracts`) of a method whose route has `{name=contracts/*}`."""
    found = re.search(r"\{(\w+)=(\w+)/\*\}", route_of(method)[1])
    return (found[1], found[2]) if found else None


def route_of(method: Method) -> tuple[str, str, str]:
    """(verb, path, body) of the declared HTTP route."""
    rule = (
        descriptor_pool.Default()
        .FindMethodByName(method.full_name)
        .GetOptions()
        .Extensions[annotations_pb2.http]
    )
    verb = rule.WhichOneof("pattern")
    return verb.upper(), getattr(rule, verb), rule.body


def expected_denial(method: Method, caller: str, *, workload: bool) -> str:
    """The reason with which the policy refuses this caller; empty where it lets it through."""
    if method.auth == policy_pb2.AUTH_LEVEL_PUBLIC:
        return ""
    if method.auth != policy_pb2.AUTH_LEVEL_WORKLOAD and caller not in ROLES:
        return "TOKEN_MISSING"
    if method.workload and not (workload or caller == "workload"):
        return "WORKLOAD_REQUIRED"
    if method.permission and method.permission not in permissions_of(policy_pb2.Role.Value(caller)):
        return "PERMISSION_DENIED"
    return ""


def call(world: World, method: Method, body: dict[str, object], headers: list[tuple[str, str]]) -> str:
    """The reason with which the service refused; empty when it did not."""
    descriptor = descriptor_pool.Default().FindMethodByName(method.full_name)
    request = json_format.ParseDict(body, message_factory.GetMessageClass(descriptor.input_type)())
    sides = (method.client_streaming, method.server_streaming)
    kind = "_".join("stream" if streaming else "unary" for streaming in sides)
    answer_type = message_factory.GetMessageClass(descriptor.output_type)
    stub = getattr(world.channels[method.service], kind)(
        method.path, request_serializer=lambda message: message.SerializeToString(),
        response_deserializer=answer_type.FromString,
    )  # fmt: skip
    try:
        answer = stub(iter([request]) if method.client_streaming else request, metadata=headers, timeout=30)
        if method.server_streaming:
            list(answer)
    except grpc.RpcError as refused:
        info = error_details_pb2.ErrorInfo()
        status = rpc_status.from_call(refused)
        if status is None:
            raise
        status.details[0].Unpack(info)
        return str(info.reason)
    return ""


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.full_name.removeprefix("bloom."))
def test_the_policy_decides_for_every_caller(world: World, method: Method):
    for caller in CALLERS:
        for workload in (False, True):
            refused = call(
                world, method, body_of(method, world.own), world.headers(caller, workload=workload)
            )
            denied = refused if refused in DENIALS else ""
            assert denied == expected_denial(method, caller, workload=workload), (caller, workload)


@pytest.mark.parametrize(
    "method",
    [method for method in METHODS if pattern_of(method) or method.name in ("UpdateUser", "UpdateContract")],
    ids=lambda method: method.full_name.removeprefix("bloom."),
)
def test_what_is_foreign_is_missing(world: World, method: Method):
    headers = world.headers("ROLE_OWNER")
    foreign = call(world, method, body_of(method, world.foreign), headers)
    missing = call(world, method, body_of(method, world.missing), headers)
    assert foreign == missing == "NOT_FOUND"


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.full_name.removeprefix("bloom."))
def test_the_edge_decides_alike(world: World, method: Method):
    if method.name == "UploadContract":
        pytest.skip("its body is the file; the journey and the bad input go through it")
    for caller in ("nobody", "ROLE_OWNER", "ROLE_VIEWER"):
        answer = rest(world, method, caller)
        wanted = expected_denial(method, caller, workload=False)
        if wanted and caller == "nobody":
            # Envoy turns strangers away before it asks whether a workload is needed.
            assert answer.status_code == 401
        elif wanted:
            assert answer.status_code == 403
        elif method.auth != policy_pb2.AUTH_LEVEL_PUBLIC:
            assert answer.status_code not in (401, 403), answer.text


def rest(world: World, method: Method, caller: str) -> httpx.Response:
    verb, path, body_field = route_of(method)
    body = body_of(method, world.missing)
    for field in re.findall(r"\{([\w.]+)=[^}]*\}", path):
        value: object = body
        for part in field.split("."):
            value = value[part]  # type: ignore[index]
        path = re.sub(r"\{" + re.escape(field) + r"=[^}]*\}", str(value), path)
    sent = {name: value for name, value in body.items() if name not in ("name", "parent")}
    if body_field not in ("", "*"):
        sent = {name: value for name, value in sent[body_field].items() if name != "name"}  # type: ignore[union-attr]
    headers = dict(world.headers(caller))
    content = {"content": json.dumps(sent)} if body_field else {"params": sent}
    headers |= {"content-type": "application/json"} if body_field else {}
    return httpx.request(
        verb, world.mesh.info.rest + path, headers=headers, timeout=30, trust_env=False, **content
    )


def test_every_permission_is_granted_and_no_reader_writes():
    granted = {role: permissions_of(policy_pb2.Role.Value(role)) for role in ROLES}
    for method in METHODS:
        if method.permission:
            assert any(method.permission in permissions for permissions in granted.values()), method.full_name
    writes = {name for name in granted["ROLE_VIEWER"] if name.endswith((".write", ".delete", ".analyze"))}
    assert not writes


def test_a_workload_token_from_outside_counts_for_nothing(world: World):
    generate = next(method for method in METHODS if method.name == "Generate")
    headers = {**dict(world.headers("ROLE_OWNER", workload=True))}
    answer = httpx.post(
        f"{world.mesh.info.rest}/v1/ai:generate", json=body_of(generate, world.own), headers=headers
    )
    assert answer.status_code == 403


@pytest.mark.parametrize(
    "path",
    ["//v1/contracts", "/v1//contracts", "/v1/./contracts", "/V1/contracts", "/v1/contracts/",
     "/v1/x/../contracts", "/v1%2fcontracts", "/v1/contracts;a=b", "/%76%31/contracts",
     "/bloom.contracts.v1.ContractService/ListContracts"],
)  # fmt: skip
def test_no_path_reaches_a_method_without_a_token(world: World, path: str):
    answer = httpx.get(f"{world.mesh.info.rest}{path}", trust_env=False)
    assert answer.status_code in (400, 401, 404, 405, 415), answer.text
    assert 'contracts":[' not in answer.text.replace(" ", "")
