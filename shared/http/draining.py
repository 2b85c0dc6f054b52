"""While a process is about to go, its answers ask clients to come back on another connection."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.http.health import Health


class CloseWhenDraining:
    """Pure ASGI middleware: `Connection: close` on every answer once shutdown has begun.

    Without it a client would send its next request on a connection that is just being closed.
    """

    def __init__(self, app: ASGIApp, health: Health) -> None:
        self._app = app
        self._health = health

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def closing(message: Message) -> None:
            if self._health.draining and message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), (b"connection", b"close")]
            await send(message)

        await self._app(scope, receive, closing if scope["type"] == "http" else send)
