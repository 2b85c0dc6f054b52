"""Requests counted and timed by method, route template and status; `GET /metrics` shows all."""

from time import perf_counter

from fastapi import APIRouter, FastAPI
from fastapi.routing import iter_route_contexts
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Histogram, generate_latest
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.metrics import HttpMetrics

UNMATCHED = "unmatched"
OTHER = "OTHER"
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
CLIENT_GONE = 499  # no status of HTTP; nginx's for a client that did not wait for its answer
FAILED = 500  # what the server answers for an error that comes through here


class RequestSeconds:
    """Keeps the histogram's children, so that a request pays one lookup."""

    def __init__(self, metrics: HttpMetrics) -> None:
        self._seconds = metrics.seconds
        self._children: dict[tuple[str, str, int], Histogram] = {}

    def observe(self, method: str, route: str, status: int, seconds: float) -> None:
        child = self._children.get((method, route, status))
        if child is None:
            child = self._seconds.labels(method, route, status)
            self._children[method, route, status] = child
        child.observe(seconds)


class RequestMetrics:
    """Pure ASGI middleware."""

    def __init__(self, app: ASGIApp, metrics: HttpMetrics) -> None:
        self._app = app
        self._seconds = RequestSeconds(metrics)
        self._templates: dict[object, str] = {None: UNMATCHED}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = perf_counter()
        status = CLIENT_GONE

        async def noting_status(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noting_status)
        except BaseException:
            status = FAILED
            raise
        finally:
            self._observe(scope, status, perf_counter() - started)

    def _observe(self, scope: Scope, status: int, seconds: float) -> None:
        endpoint = scope.get("endpoint")
        route = self._templates.get(endpoint) or self._template(endpoint, scope["app"])
        method = scope["method"] if scope["method"] in METHODS else OTHER
        self._seconds.observe(method, route, status, seconds)

    def _template(self, endpoint: object, app: FastAPI) -> str:
        """Find an endpoint's path, once.

        `scope["route"]` would not do: FastAPI leaves it out for plain Starlette routes, and leaves
        out the prefix of an included router.
        """
        paths = (c.path for c in iter_route_contexts(app.routes) if c.endpoint is endpoint)
        self._templates[endpoint] = template = next(paths, None) or UNMATCHED
        return template


def router(registry: CollectorRegistry) -> APIRouter:
    """Return `GET /metrics`, in Prometheus's text format."""
    routes = APIRouter(tags=["operation"])

    @routes.get("/metrics", response_class=Response)
    async def metrics() -> Response:
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    return routes
