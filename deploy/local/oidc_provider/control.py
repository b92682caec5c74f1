"""Sets the provider up from outside of its process: faults, people, TXT records."""

from aiohttp import web

from oidc_provider.dns_responder import Records
from oidc_provider.people import Person
from oidc_provider.provider import Fault
from oidc_provider.routes import PROVIDER

RECORDS = web.AppKey("records", Records)
routes = web.RouteTableDef()


@routes.put("/_provider/faults")
async def put_faults(request: web.Request) -> web.StreamResponse:
    """`["wrong_nonce", …]`: these and no others."""
    request.app[PROVIDER].faults = {Fault(name) for name in await request.json()}
    return web.Response(status=204)


@routes.put("/_provider/people")
async def put_people(request: web.Request) -> web.StreamResponse:
    """`[{"subject": …, "email": …, "name": …}, …]`: added, or put in the place of who had the subject."""
    request.app[PROVIDER].add_people(*(Person(**person) for person in await request.json()))
    return web.Response(status=204)


@routes.put("/_provider/txt")
async def put_txt(request: web.Request) -> web.StreamResponse:
    """`{"name": …, "value": …}`: what the DNS responder says of this name from here on."""
    record = await request.json()
    request.app[RECORDS].put(record["name"], record["value"])
    return web.Response(status=204)
