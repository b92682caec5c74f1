"""The OpenAPI 3.1 document of the REST API, from the schema alone."""

from google.protobuf.descriptor import FieldDescriptor
from google.rpc import error_details_pb2

from bloom.options.v1.policy_pb2 import AuthLevel, Idempotency, Permission
from rest_gateway.answers import answers, health_paths, shared_answers
from rest_gateway.api import Api, Method
from rest_gateway.comments import comments
from rest_gateway.config import Config, Value
from rest_gateway.rules import items_of
from rest_gateway.schemas import Schemas, is_required
from rest_gateway.settings import MIB, GatewaySettings

_ABOUT = (
    "Contracts taken in, read by Claude, proven against their own words, searched and asked. "
    "Every RPC is also served as gRPC and gRPC-Web on the same port. "
    "Errors are `google.rpc.Status` in JSON: `details[]` has an `ErrorInfo` with a `reason` to rely on. "
    "64-bit integers and decimals are strings. A stream comes as server-sent events, one JSON message each."
)
_TAGS = {
    "Contract": "Contracts: taken in, read, proven, searched and asked.",
    "Operation": "Long work: how far it is, and how it ended.",
    "Auth": "Sign-in, and who is calling.",
    "Token": "Tokens for programs.",
    "Directory": "The people and programs of the caller's organization.",
    "Factor": "The caller's own second factors.",
    "Ai": "Claude itself; for the services of the mesh.",
}
_DETAILS = (error_details_pb2.ErrorInfo, error_details_pb2.BadRequest, error_details_pb2.RetryInfo)


def openapi_document(api: Api, settings: GatewaySettings) -> Config:
    """The whole document."""
    schemas = Schemas(comments(api.files))
    paths: dict[str, dict[str, Value]] = {}
    patterns = _id_patterns(api)
    for method in api.methods:
        operation = _operation(method, schemas, patterns, settings)
        paths.setdefault(method.path.openapi, {})[method.verb.lower()] = operation
    _add_status(api, schemas)
    token: Config = {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Bloom contract management", "version": "1", "description": _ABOUT},
        "servers": [{"url": "/"}],
        "tags": [*_tags(api), {"name": "Health", "description": "Whether the gateway works."}],
        "security": [{"token": []}],
        "paths": {**paths, **health_paths()},
        "components": {
            "securitySchemes": {"token": token},
            "responses": shared_answers(settings),
            "schemas": dict(sorted(schemas.components.items())),
        },
    }


def _tags(api: Api) -> list[Value]:
    """What people come for first; services that are not named here follow."""
    names = [_tag(service) for service in api.services]
    return [{"name": name, "description": _TAGS.get(name, "")} for name in sorted(names, key=_rank)]


def _rank(tag: str) -> int:
    known = list(_TAGS)
    return known.index(tag) if tag in _TAGS else len(known)


def _tag(service: str) -> str:
    return service.rpartition(".")[2].removesuffix("Service")


def _operation(
    method: Method, schemas: Schemas, patterns: dict[str, str], settings: GatewaySettings
) -> Config:
    said = schemas.comments.get(str(method.descriptor.full_name), "")
    operation: Config = {
        "operationId": f"{_tag(method.service)}_{method.descriptor.name}",
        "tags": [_tag(method.service)],
        "summary": _spaced(method.descriptor.name),
        "description": said,
        "parameters": [*_path_parameters(method, patterns), *_query_parameters(method, schemas)],
        **_body(method, schemas, settings),
        "responses": answers(method, schemas),
        **_policy(method),
        "x-rpc": method.rpc_path.strip("/"),
    }
    return {**operation, "security": []} if method.is_public else operation


def _spaced(name: str) -> str:
    words = "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in name).strip()
    return words.capitalize()


def _policy(method: Method) -> Config:
    found: Config = {
        "x-auth": AuthLevel.Name(method.policy.auth).removeprefix("AUTH_LEVEL_").lower(),
        "x-idempotency": Idempotency.Name(method.policy.idempotency).removeprefix("IDEMPOTENCY_").lower(),
    }
    if method.policy.permission:
        name = Permission.Name(method.policy.permission).removeprefix("PERMISSION_")
        found["x-permission"] = name.lower().replace("_", ".")
    if method.policy.step_up_seconds:
        found["x-step-up-seconds"] = method.policy.step_up_seconds
    return {**found, "x-workload": True} if method.policy.workload else found


def _id_patterns(api: Api) -> dict[str, str]:
    """By collection, what an id looks like, as the plain `name` fields of the requests declare it."""
    found = {}
    for method in api.methods:
        for parameter in method.path.parameters:
            field = method.descriptor.input_type.fields_by_name.get(parameter.field)
            pattern = items_of(field).string.pattern if field is not None else ""
            # A character class of ours holds no slash, so a name's pattern falls into its parts.
            pieces = pattern.removeprefix("^").removesuffix("$").split("/")
            if parameter.prefix in [f"{piece}/" for piece in pieces[:-1]]:
                found[parameter.prefix] = f"^{pieces[parameter.position]}$"
    return found


def _path_parameters(method: Method, patterns: dict[str, str]) -> list[Value]:
    return [
        {
            "name": parameter.name,
            "in": "path",
            "required": True,
            "description": f"What follows `{parameter.prefix}` in the resource's name.",
            "schema": {"type": "string", "pattern": patterns.get(parameter.prefix, "^[^/:]+$")},
        }
        for parameter in method.path.parameters
    ]


def _query_parameters(method: Method, schemas: Schemas) -> list[Value]:
    """Every field that neither the path nor the body holds."""
    if method.body == "*":
        return []
    elsewhere = {parameter.field.partition(".")[0] for parameter in method.path.parameters} | {method.body}
    fields = [field for field in method.descriptor.input_type.fields if field.name not in elsewhere]
    return [parameter for field in fields for parameter in _query_parameter(field, schemas)]


def _query_parameter(field: FieldDescriptor, schemas: Schemas, inside: str = "") -> list[Value]:
    """A message is spread: `contract_value.units`; those that are one text in JSON stay one."""
    name, message = f"{inside}{field.name}", field.message_type
    if message is not None and message.file.package != "google.protobuf":
        return [one for inner in message.fields for one in _query_parameter(inner, schemas, f"{name}.")]
    schema = dict(schemas.field(field))
    said = schema.pop("description", None)
    found: Config = {"name": name, "in": "query", "required": is_required(field), "schema": schema}
    return [{**found, "description": said} if said else found]


def _body(method: Method, schemas: Schemas, settings: GatewaySettings) -> Config:
    message = method.body_message
    if message is None:
        return {}
    if method.takes_file:
        most = method.policy.max_body_mib * MIB or settings.max_body_bytes
        limit = f"The file itself, at most {most} bytes. It is passed on as it comes."
        binary: Config = {"*/*": {"schema": {"type": "string", "format": "binary"}}}
        return {"requestBody": {"required": True, "description": limit, "content": binary}}
    inside = frozenset(parameter.field for parameter in method.path.parameters)
    schema = schemas.inline(message, inside) if method.body == "*" and inside else schemas.message(message)
    required = any(is_required(field) for field in message.fields if field.name not in inside)
    return {
        "requestBody": {
            "required": required or method.body != "*",
            "content": {"application/json": {"schema": schema}},
        }
    }


def _add_status(api: Api, schemas: Schemas) -> None:
    """The shape of every error, with the details that this system sends."""
    schemas.message(api.pool.FindMessageTypeByName("google.rpc.Status"))
    kinds: list[Value] = []
    for detail in _DETAILS:
        name = str(detail.DESCRIPTOR.full_name)
        schemas.message(api.pool.FindMessageTypeByName(name))
        component = schemas.components[name.rpartition(".")[2]]
        kind: Config = {"type": "string", "const": f"type.googleapis.com/{name}"}
        fields = component["properties"]
        component["properties"] = {"@type": kind, **(fields if isinstance(fields, dict) else {})}
        component["required"] = ["@type"]
        kinds.append({"$ref": f"#/components/schemas/{name.rpartition('.')[2]}"})
    other: Config = {"type": "object", "required": ["@type"], "additionalProperties": True}
    schemas.components["Status"] = {
        "type": "object",
        "description": "An error: what happened, in words and in a reason that stays the same.",
        "properties": {
            "code": {"type": "integer", "description": "A google.rpc.Code."},
            "message": {"type": "string"},
            "details": {"type": "array", "items": {"anyOf": [*kinds, other]}},
        },
        "required": ["code", "message", "details"],
    }
