"""A way past ASGI for the one request that a service lives on.

FastAPI's routing, dependencies and answers cost 150 µs a request, as much as all the rest of taking
an order; its layers, Starlette's request and uvicorn's two writes of an answer 30 µs more. An
endpoint of the form `(headers, body) -> Response` that is registered here is called by the server's
protocol itself, and its answer is one write. Limits, metrics and errors are the same.

It is registered with FastAPI too, by `as_route`: for OpenAPI, and for requests that are traced. It
rests on private parts of uvicorn, as admission does; the tests fail when they change.
"""

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from time import perf_counter
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)

from shared.http.limits import body_of
from shared.http.metrics import FAILED, RequestSeconds
from shared.metrics import HttpMetrics
from shared.telemetry import is_tracing

Headers = Mapping[bytes, bytes]
"""By lower-case name; of several with one name the first."""
Endpoint = Callable[[Headers, bytes], Awaitable[Response]]

CLOSE = (b"connection", b"close")


def as_route(endpoint: Endpoint) -> Callable[[Request], Awaitable[Response]]:
    """Return the endpoint in the form that FastAPI takes."""

    async def route(request: Request) -> Response:
        return await endpoint(_headers(request.scope), await request.body())

    route.__name__ = getattr(endpoint, "__name__", "direct")  # FastAPI names the operation by it
    return route


class DirectRoutes:
    """The endpoints, by method and exact path.

    `handlers` is what FastAPI has: by an error's class, the function that answers it.
    """

    def __init__(
        self,
        handlers: Mapping[Any, Callable[..., Any]],
        *,
        max_bytes: int,
        metrics: HttpMetrics,
    ) -> None:
        self._handlers = handlers
        self._max_bytes = max_bytes
        self._seconds = RequestSeconds(metrics)
        self._endpoints: dict[tuple[str, str], Endpoint] = {}

    def add(self, method: str, path: str, endpoint: Endpoint) -> None:
        self._endpoints[method, path] = endpoint

    def find(self, method: str, path: str) -> Endpoint | None:
        """Return the endpoint; None if the request goes to the app, as all do that are traced."""
        return None if is_tracing() else self._endpoints.get((method, path))

    async def answer(self, endpoint: Endpoint, scope: Scope, receive: Receive) -> Response:
        headers = _headers(scope)
        return await endpoint(headers, await body_of(headers, receive, self._max_bytes))

    async def answer_to(self, error: Exception, request: Request) -> tuple[Response, bool]:
        """Return what FastAPI would answer, and whether that is all it knows to say."""
        for error_type in type(error).__mro__:
            if error_type in self._handlers:
                answer = await self._handlers[error_type](request, error)
                return answer, error_type is Exception
        raise error

    def observe(self, scope: Scope, status: int, seconds: float) -> None:
        self._seconds.observe(scope["method"], scope["path"], status, seconds)


class DirectProtocol(HttpToolsProtocol):
    direct: DirectRoutes | None = None

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        if self.direct is not None:
            endpoint = self.direct.find(cycle.scope["method"], cycle.scope["path"])
            if endpoint is not None:
                app = partial(self._answer, self.direct, endpoint, cycle)
        super()._start_asgi_task(cycle, app)

    async def _answer(
        self,
        routes: DirectRoutes,
        endpoint: Endpoint,
        cycle: RequestResponseCycle,
        scope: Scope,
        receive: Receive,
        _send: Send,
    ) -> None:
        began, status, bug = perf_counter(), FAILED, None
        try:
            try:
                answer = await routes.answer(endpoint, scope, receive)
            except Exception as error:  # noqa: BLE001 - whatever it is, there is an answer
                answer, is_bug = await routes.answer_to(error, Request(scope, receive))
                bug = error if is_bug else None
            status = answer.status_code
            if self.flow.write_paused and not cycle.disconnected:
                await self.flow.drain()
            if not cycle.disconnected:
                self.write(cycle, head_of(answer), answer.body)
        finally:
            routes.observe(scope, status, perf_counter() - began)
        if bug is not None:
            raise bug  # the server logs it

    def write(self, cycle: RequestResponseCycle, head: bytes, body: bytes | memoryview) -> None:
        """Give the whole answer in one write."""
        cycle.response_started = cycle.response_complete = True
        goes = not cycle.keep_alive or CLOSE in cycle.default_headers
        end = b"connection: close\r\n\r\n" if goes else b"\r\n"
        if cycle.scope["method"] == "HEAD":
            body = b""
        self.transport.write(b"".join((head, end, body)))
        if goes:
            self.transport.close()
        self.on_response_complete()


def head_of(answer: Response) -> bytes:
    """Return status and headers. They are our own: nobody looks for line breaks in them."""
    lines = [b"%b: %b\r\n" % header for header in answer.raw_headers]
    return b"".join((STATUS_LINE[answer.status_code], *lines))


def _headers(scope: Scope) -> Headers:
    return dict(reversed(scope["headers"]))
