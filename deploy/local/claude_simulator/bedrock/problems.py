"""AWS's names for what goes wrong on Bedrock, and the form it answers them in."""

from collections.abc import Mapping

# https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_InvokeModelWithResponseStream.html
# and, of signatures, https://docs.aws.amazon.com/bedrock/latest/APIReference/CommonErrors.html
STATUSES: Mapping[str, int] = {
    "AccessDeniedException": 403,
    "InternalServerException": 500,
    "ModelErrorException": 424,
    "ModelNotReadyException": 429,
    "ModelStreamErrorException": 424,
    "ModelTimeoutException": 408,
    "ResourceNotFoundException": 404,
    "ServiceQuotaExceededException": 400,
    "ServiceUnavailableException": 503,
    "ThrottlingException": 429,
    "ValidationException": 400,
    "UnrecognizedClientException": 403,
    "ExpiredTokenException": 403,
    "IncompleteSignatureException": 403,
    "InvalidSignatureException": 403,
    "MissingAuthenticationTokenException": 403,
}
# The API's own statuses in AWS's words.
_BY_STATUS: Mapping[int, tuple[int, str]] = {
    401: (403, "UnrecognizedClientException"),
    403: (403, "AccessDeniedException"),
    404: (404, "ResourceNotFoundException"),
    408: (408, "ModelTimeoutException"),
    424: (424, "ModelErrorException"),
    429: (429, "ThrottlingException"),
    500: (500, "InternalServerException"),
    503: (503, "ServiceUnavailableException"),
    529: (503, "ServiceUnavailableException"),
}


def in_aws_words(status: int, code: str | None) -> tuple[int, str]:
    """Status and exception for a refusal; `code`, where it is given, is the exception."""
    if code is not None:
        return status, code
    general = (500, "InternalServerException") if status >= 500 else (400, "ValidationException")
    return _BY_STATUS.get(status, general)


def error_headers(code: str) -> dict[str, str]:
    """What says which exception the body is."""
    return {"x-amzn-errortype": f"{code}:http://internal.amazon.com/coral/com.amazon.bedrock/"}
