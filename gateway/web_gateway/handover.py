"""Asked by Envoy about requests with a session cookie and no token: behind the edge it becomes a token."""

from google.protobuf import json_format
from google.rpc import error_details_pb2, status_pb2
from google.rpc.code_pb2 import Code
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from service_runtime.errors import DOMAIN, Reason
from web_gateway import cookies
from web_gateway.forgery import SAFE_METHODS, ForgedError, require_own_page, require_own_site
from web_gateway.web import Web

CSRF_HEADER = "x-bloom-csrf"
PREFIX = "/handover"


async def hand_over(web: Web, request: Request) -> Response:
    """200 with the token for the service behind, or without for who is not signed in; 403 for a forgery."""
    secret = cookies.secret_of(request, cookies.SESSION)
    token = await web.sessions.token(secret)
    if token is None:
        return Response()
    try:
        if request.method in SAFE_METHODS:
            require_own_site(request.headers, web.origin)
        else:
            require_own_page(request.headers, web.origin, secret, request.headers.get(CSRF_HEADER, ""))
    except ForgedError:
        return _forged()
    return Response(headers={"authorization": f"Bearer {token}"})


def _forged() -> Response:
    message = "Send the X-Bloom-CSRF header that /account/session tells, from a page of this site."
    status = status_pb2.Status(code=Code.PERMISSION_DENIED, message=message)
    reason = Reason.Name(Reason.ERROR_REASON_CSRF_REFUSED).removeprefix("ERROR_REASON_")
    status.details.add().Pack(error_details_pb2.ErrorInfo(domain=DOMAIN, reason=reason))
    return JSONResponse(json_format.MessageToDict(status, preserving_proto_field_name=True), 403)
