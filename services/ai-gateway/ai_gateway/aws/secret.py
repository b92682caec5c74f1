"""A secret in AWS Secrets Manager, read as it is now."""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

from pydantic import SecretStr

from ai_gateway.aws import credentials

if TYPE_CHECKING:
    from botocore.exceptions import ClientError

_SECONDS = 3.0
_TRIES = 2
_REASONS = {
    "ResourceNotFoundException": "there is no such secret in this region",
    "InvalidRequestException": "the secret is marked for deletion",
    "AccessDeniedException": "our role may not read it",
    "DecryptionFailure": "our role may not decrypt it",
    "UnrecognizedClientException": "AWS does not know our credentials",
    "InvalidClientTokenId": "AWS does not know our credentials",
    "ExpiredTokenException": "our AWS credentials have run out",
}

# Blocks for some seconds at most: call it in a thread.
ReadSecret = Callable[[], SecretStr]


class SecretUnreadableError(Exception):
    """The secret could not be read. The message says why, in words of ours, and never its value."""


def secret(name: str, region: str, endpoint_url: str) -> ReadSecret:
    """How to read the secret of that name or ARN; what it returns raises SecretUnreadableError.

    `endpoint_url` is empty for the region's own address.
    """
    import boto3
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError, ClientError

    config = Config(
        connect_timeout=_SECONDS,
        read_timeout=_SECONDS,
        retries={"total_max_attempts": _TRIES, "mode": "standard"},
        proxies={},
    )
    client = boto3.Session(botocore_session=credentials.session(region)).client(
        # Always given: so no address is taken from the environment.
        "secretsmanager",
        endpoint_url=endpoint_url or f"https://secretsmanager.{region}.amazonaws.com",
        config=config,
    )

    def read() -> SecretStr:
        try:
            value = client.get_secret_value(SecretId=name).get("SecretString", "")
        except ClientError as refused:
            raise SecretUnreadableError(f"{name}: {_reason(refused)}") from refused
        except BotoCoreError as away:
            raise SecretUnreadableError(f"{name}: Secrets Manager cannot be asked ({_kind(away)})") from away
        return _the_one_value(name, value)

    return read


def _the_one_value(name: str, value: str) -> SecretStr:
    """The whole string, or the value of its only entry: that is how the console saves a secret."""
    if value.lstrip().startswith("{"):
        try:
            entries = list(json.loads(value).values())
        except ValueError:
            entries = []
        value = entries[0] if len(entries) == 1 and isinstance(entries[0], str) else ""
    if not value.strip():
        raise SecretUnreadableError(f"{name}: it must be a string, or an object with one entry")
    return SecretStr(value.strip())


def _reason(refused: "ClientError") -> str:
    code = refused.response.get("Error", {}).get("Code", "")
    return _REASONS.get(code, f"Secrets Manager refused ({code})")


def _kind(away: Exception) -> str:
    return type(away).__name__
