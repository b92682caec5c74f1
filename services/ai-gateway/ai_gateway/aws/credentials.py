"""AWS credentials: those of the task's role, and nothing that lies about in files.

botocore is loaded only where AWS is used: it takes 20 MB of memory and most of a second.
"""

import logging
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from botocore.session import Session


@dataclass(frozen=True, slots=True)
class AwsKeys:
    """One set of credentials, whole: parts of two sets sign nothing."""

    access_key: str
    secret_key: str = field(repr=False)
    token: str | None = field(repr=False)


class NoAwsKeysError(Exception):
    """There are no credentials, or they cannot be had now."""


def session(region: str) -> "Session":
    """Finds credentials in `AWS_ACCESS_KEY_ID` and its like, then with the task's role; nowhere else.

    No profile, no shared file, no web identity: what is not named here cannot surprise.
    """
    from botocore.credentials import ContainerProvider, CredentialResolver, EnvProvider
    from botocore.session import Session

    # Their debug lines show signed headers and whole answers, so also a secret that was read.
    for talkative in ("botocore", "boto3", "urllib3"):
        logging.getLogger(talkative).setLevel(logging.WARNING)
    made = Session()
    made.set_config_variable("region", region)
    made.set_config_variable("config_file", os.devnull)
    made.set_config_variable("credentials_file", os.devnull)
    made.register_component("credential_provider", CredentialResolver([EnvProvider(), ContainerProvider()]))
    return made


def keys(of: "Session") -> AwsKeys:
    """The credentials of now, renewed when they run out; it may ask the network, so call it in a thread.

    Raises NoAwsKeysError.
    """
    from botocore.exceptions import BotoCoreError

    try:
        found = of.get_credentials()
        frozen = found.get_frozen_credentials() if found is not None else None
    except BotoCoreError as away:
        raise NoAwsKeysError("AWS gives out no credentials") from away
    if frozen is None or not frozen.access_key or not frozen.secret_key:
        raise NoAwsKeysError("there are no AWS credentials: neither a task role nor AWS_ACCESS_KEY_ID")
    return AwsKeys(frozen.access_key, frozen.secret_key, frozen.token)
