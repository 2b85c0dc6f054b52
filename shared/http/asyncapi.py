"""`GET /asyncapi`: which events the service hears, as a page; `/asyncapi.json` for programs."""

from fastapi import APIRouter
from faststream.nats import NatsBroker
from faststream.specification.asyncapi import AsyncAPI, get_asyncapi_html
from starlette.responses import HTMLResponse, Response


def router(broker: NatsBroker, *, title: str) -> APIRouter:
    """Return the routes; the document is made when it is first asked for."""
    routes = APIRouter(tags=["operation"])
    document = AsyncAPI(broker, title=title)

    @routes.get("/asyncapi", response_class=HTMLResponse)
    async def page() -> HTMLResponse:
        return HTMLResponse(get_asyncapi_html(document.to_specification(), try_it_out_path=None))

    @routes.get("/asyncapi.json", response_class=Response)
    async def machine_readable() -> Response:
        return Response(document.to_specification().to_json(), media_type="application/json")

    return routes
