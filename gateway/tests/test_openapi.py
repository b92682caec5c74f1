"""The OpenAPI document: valid, complete, and true to the schema."""

import json
from typing import Any

import pytest
from openapi_spec_validator import validate

from rest_gateway.api import Api, load_api
from rest_gateway.openapi import openapi_document
from rest_gateway.settings import GatewaySettings


@pytest.fixture(scope="module")
def api() -> Api:
    return load_api()


@pytest.fixture(scope="module")
def document(api: Api) -> Any:
    somewhere = {f"{name}_address": "a:1" for name in ("auth", "contracts", "ai_gateway", "strict_json")}
    return json.loads(json.dumps(openapi_document(api, GatewaySettings.model_validate(somewhere))))


def test_it_is_valid(document: Any) -> None:
    validate(document)


def test_every_method_is_there_with_its_policy(api: Api, document: Any) -> None:
    for method in api.methods:
        operation = document["paths"][method.path.openapi][method.verb.lower()]
        assert operation["x-rpc"] == method.rpc_path.strip("/")
        assert (operation.get("security") == []) is method.is_public
        assert ("x-permission" in operation) is bool(method.policy.permission)
        assert {"200", "400", "401", "429", "500", "503", "504"} <= set(operation["responses"])


def test_operation_ids_are_unique(document: Any) -> None:
    ids = [operation["operationId"] for item in document["paths"].values() for operation in item.values()]
    assert len(ids) == len(set(ids))


def test_rules_of_the_schema_are_told(document: Any) -> None:
    login = document["components"]["schemas"]["LoginRequest"]
    assert login["required"] == ["email", "password"]
    assert login["properties"]["password"]["maxLength"] == 256
    assert login["properties"]["password"]["x-sensitive"] is True
    roles = document["components"]["schemas"]["CreateServiceAccountRequest"]["properties"]["roles"]
    assert (roles["minItems"], roles["maxItems"], roles["uniqueItems"]) == (1, 6, True)
    assert "ROLE_OWNER" not in roles["items"]["enum"]
    parameters = document["paths"]["/v1/contracts"]["get"]["parameters"]
    assert parameters[0]["schema"]["maximum"] == 100
    contract = document["paths"]["/v1/contracts/{contract}:ask"]["post"]
    assert contract["parameters"][0]["schema"]["pattern"] == "^[0-9a-f-]{36}$"
    assert "name" not in contract["requestBody"]["content"]["application/json"]["schema"]["properties"]


def test_streams_and_files_are_told_as_what_they_are(document: Any) -> None:
    paths = document["paths"]
    assert "text/event-stream" in paths["/v1/contracts/{contract}:ask"]["post"]["responses"]["200"]["content"]
    assert (
        paths["/v1/contracts:upload"]["post"]["requestBody"]["content"]["*/*"]["schema"]["format"] == "binary"
    )
    assert [one["name"] for one in paths["/v1/contracts:upload"]["post"]["parameters"]] == [
        "filename",
        "label",
        "reference_no",
        "department",
        "contract_value.currency_code",
        "contract_value.units",
        "contract_value.nanos",
    ]


def test_comments_of_the_schema_are_the_descriptions(document: Any) -> None:
    assert "Slow on purpose" in document["paths"]["/v1/auth:login"]["post"]["description"]
    value = document["components"]["schemas"]["ValueStatus"]["description"]
    assert "The contract does not say." in value
