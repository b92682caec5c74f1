"""Who may ask by way of Bedrock: the keys that requests are signed with. All of them are for tests alone."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from claude_simulator.problems import invalid


@dataclass(frozen=True)
class AwsKeys:
    """An access key, its secret, the session token where there is one; any region where none is named."""

    access_key: str = "AKIASIMULATOR0000000"
    secret_key: str = field(default="simulator-secret-key", repr=False)
    session_token: str | None = field(default=None, repr=False)
    region: str | None = None


def read_keys(spec: object) -> AwsKeys:
    """Keys from their JSON form; a 400 RefusalError on unknown names or wrong types."""
    known = set(AwsKeys.__dataclass_fields__)
    if (
        not isinstance(spec, Mapping)
        or spec.keys() - known
        or not {"access_key", "secret_key"} <= spec.keys()
    ):
        raise invalid("access_key and secret_key; session_token and region where they matter")
    if any(not isinstance(value, str) for value in spec.values() if value is not None):
        raise invalid("keys: strings")
    return AwsKeys(**spec)
