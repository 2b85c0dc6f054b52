"""A way past the router for the one request that a service lives on.

FastAPI's routing, dependencies and answers cost 150 µs a request, as much as all the rest of
taking an order. An endpoint of the form `Request -> Response` that is registered here is called
at once; it is registered with FastAPI too, for OpenAPI. Errors become the same answers.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

Endpoint = Callable[[Request], Awaitable[Response]]


class DirectRoutes:
    """The endpoints, by method and exact path."""

    def __init__(self) -> None:
        self._endpoints: dict[tuple[str, str], Endpoint] = {}

    def add(self, method: str, path: str, endpoint: Endpoint) -> None:
        self._endpoints[method, path] = endpoint

    def find(self, scope: Scope) -> Endpoint | None:
        if scope["type"] != "http":
            return None
        return self._endpoints.get((scope["method"], scope["path"]))


class DirectRouting:
    """Pure ASGI middleware, the innermost: limits and metrics stand around it."""

    def __init__(self, app: ASGIApp, routes: DirectRoutes, owner: FastAPI) -> None:
        self._app = app
        self._routes = routes
        self._owner = owner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        endpoint = self._routes.find(scope)
        if endpoint is None:
            await self._app(scope, receive, send)
            return
        scope["endpoint"] = endpoint  # what the metrics take the route's name from
        request = Request(scope, receive)
        try:
            response = await endpoint(request)
        except Exception as error:
            handler = _handler_for(error, self._owner.exception_handlers)
            if handler is None:
                raise
            response = await handler(request, error)
        await response(scope, receive, send)


def _handler_for(
    error: Exception, handlers: Mapping[Any, Callable[..., Any]]
) -> Callable[..., Awaitable[Response]] | None:
    """Return the handler of the nearest class; the one for Exception is the server's own."""
    for error_type in type(error).__mro__:
        if error_type is Exception:
            return None
        if error_type in handlers:
            return handlers[error_type]
    return None
