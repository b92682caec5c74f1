"""Reads what Bedrock is asked: the model from the path, the rest from the body."""

import re
from collections.abc import Mapping
from datetime import date

from claude_simulator.models import CATALOGUE, find_model
from claude_simulator.problems import RefusalError
from claude_simulator.request import CURRENT_VERSION, MessagesRequest, read_request

# Versions of the Messages API by the name that Bedrock has for them.
_VERSIONS = {"bedrock-2023-05-31": "2023-06-01", CURRENT_VERSION: CURRENT_VERSION}
_NAME = re.compile(r"(?:.*/)?(?:[a-z]{2,6}(?:-gov)?\.)?anthropic\.(?P<name>[a-z0-9-]+?)(?:-v\d+(?::\d+)?)?")
_KNOWN = frozenset(model.id for model in CATALOGUE)


def read_body(body: Mapping[str, object], model_id: str, today: date, *, stream: bool) -> MessagesRequest:
    """The question. Raises a RefusalError in AWS's words for a model or body that Bedrock does not take."""
    if foreign := body.keys() & {"model", "stream"}:
        raise _invalid(f"{min(foreign)}: Extra inputs are not permitted")
    named = body.get("anthropic_version")
    version = _VERSIONS.get(str(named))
    if version is None:
        raise _invalid("anthropic_version: Field required" if named is None else "Invalid API version")
    model = _model(model_id, version, today)
    return read_request({**body, "model": model, "stream": stream}, version, today)


def _model(model_id: str, version: str, today: date) -> str:
    found = _NAME.fullmatch(model_id)
    if found is None or found["name"] not in _KNOWN:
        raise _invalid("The provided model identifier is invalid.")
    try:
        model = find_model(found["name"], today)
    except RefusalError:
        message = "This model version has reached the end of its life."
        raise RefusalError(404, message, code="ResourceNotFoundException") from None
    if version == CURRENT_VERSION and model.takes_sampling:
        raise _invalid(f"anthropic_version: {version} is not supported for this model")
    return model.id


def _invalid(message: str) -> RefusalError:
    return RefusalError(400, message, code="ValidationException")
