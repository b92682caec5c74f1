"""The Models API's routes: the list, and one model."""

from aiohttp import web

from claude_simulator import intake
from claude_simulator.exchange import SIMULATION
from claude_simulator.models import CATALOGUE, model_info
from claude_simulator.problems import RefusalError

routes = web.RouteTableDef()


@routes.get("/v1/models")
async def list_models(request: web.Request) -> web.StreamResponse:
    """The models in service, newest first; retired ones only where asked for."""
    intake.account(request)
    today = request.app[SIMULATION].now().date()
    wanted = request.query.getall("lifecycle[]", request.query.getall("lifecycle", ["active", "deprecated"]))
    listed = [model_info(model, today) for model in CATALOGUE]
    data = [info for info in listed if info["lifecycle"] in wanted]
    ids = [info["id"] for info in data]
    return web.json_response(
        {
            "data": data,
            "has_more": False,
            "first_id": ids[0] if ids else None,
            "last_id": ids[-1] if ids else None,
        }
    )


@routes.get("/v1/models/{model}")
async def get_model(request: web.Request) -> web.StreamResponse:
    """One model, in service or retired."""
    intake.account(request)
    today = request.app[SIMULATION].now().date()
    for model in CATALOGUE:
        if model.id == request.match_info["model"]:
            return web.json_response(model_info(model, today))
    raise RefusalError(404, f"model: {request.match_info['model']}")
