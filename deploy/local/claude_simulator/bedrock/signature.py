"""Verifies Signature Version 4: the signature is computed again from what has arrived.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from claude_simulator.bedrock.keys import AwsKeys
from claude_simulator.problems import RefusalError

_SIGNED = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<key>[^/]+)/(?P<day>\d{8})/(?P<region>[^/]+)/(?P<service>[^/]+)/"
    r"aws4_request, ?SignedHeaders=(?P<headers>[^,]+), ?Signature=(?P<signature>[0-9a-f]{64})"
)
_MUST_BE_SIGNED = frozenset({"host", "x-amz-date"})
_CLOCK_SKEW = timedelta(minutes=5)
_STAMP = "%Y%m%dT%H%M%SZ"


@dataclass(frozen=True)
class Signed:
    """What was signed: the request as it arrived, its URL with the path still encoded."""

    method: str
    url: str
    headers: Mapping[str, str]  # case-insensitive
    body: bytes


def verify(request: Signed, accounts: Mapping[str, AwsKeys], now: datetime) -> AwsKeys:
    """The keys that the request was signed with. Raises a 403 RefusalError, AWS's own, for any flaw."""
    header = request.headers.get("authorization")
    if header is None:
        raise _refused("MissingAuthenticationTokenException", "Missing Authentication Token")
    signed = _SIGNED.fullmatch(header)
    if signed is None or not set(signed["headers"].split(";")) >= _MUST_BE_SIGNED:
        raise _refused("IncompleteSignatureException", "Authorization header lacks what a signature needs")
    keys = accounts.get(signed["key"])
    if keys is None:
        raise _refused(
            "UnrecognizedClientException", "The security token included in the request is invalid."
        )
    if keys.session_token != request.headers.get("x-amz-security-token"):
        raise _refused("ExpiredTokenException", "The security token included in the request is expired")
    _check_scope(signed, keys)
    _check_date(request.headers.get("x-amz-date", ""), signed["day"], now)
    if not hmac.compare_digest(_signature(request, signed, keys), signed["signature"]):
        raise _refused(
            "InvalidSignatureException",
            "The request signature we calculated does not match the signature you provided. Check your AWS "
            "Secret Access Key and signing method. Consult the service documentation for details.",
        )
    return keys


def _check_scope(signed: re.Match[str], keys: AwsKeys) -> None:
    if signed["service"] != "bedrock":
        raise _refused(
            "InvalidSignatureException", "Credential should be scoped to correct service: 'bedrock'."
        )
    if keys.region not in (None, signed["region"]):
        raise _refused("InvalidSignatureException", "Credential should be scoped to a valid region.")


def _check_date(stamp: str, day: str, now: datetime) -> None:
    try:
        when = datetime.strptime(stamp, _STAMP).replace(tzinfo=UTC)
    except ValueError:
        raise _refused("IncompleteSignatureException", "Date must be in ISO-8601 basic format") from None
    if not stamp.startswith(day):
        raise _refused("InvalidSignatureException", "Date in Credential scope does not match the date header")
    if abs(now - when) > _CLOCK_SKEW:
        raise _refused(
            "InvalidSignatureException", f"Signature expired: {stamp} is not within 5 minutes of now"
        )


def _signature(request: Signed, signed: re.Match[str], keys: AwsKeys) -> str:
    headers = {name: request.headers.get(name, "") for name in signed["headers"].split(";")}
    again = AWSRequest(request.method, request.url, headers, request.body)
    again.context["timestamp"] = headers["x-amz-date"]
    signer = SigV4Auth(Credentials(keys.access_key, keys.secret_key), signed["service"], signed["region"])
    return str(signer.signature(signer.string_to_sign(again, signer.canonical_request(again)), again))


def _refused(code: str, message: str) -> RefusalError:
    return RefusalError(403, message, code=code)
