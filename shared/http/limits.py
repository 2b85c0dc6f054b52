"""The largest request body: beyond it 413, whatever the client says or does not say of its size."""

from collections.abc import Collection

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.http.problems import Problem, problem

MAX_DIGITS = 16


class BodyLimit:
    """Pure ASGI middleware.

    A stated Content-Length is checked once, the server holds the client to it; only a body of
    unstated size is counted. Paths in `streamed` keep a limit of their own.
    """

    def __init__(
        self, app: ASGIApp, max_bytes: int, *, streamed: Collection[str] = frozenset()
    ) -> None:
        self._app = app
        self._max_bytes = max_bytes
        self._streamed = frozenset(streamed)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] not in self._streamed:
            length = _stated_length(scope)
            if length is None:
                receive = self._counted(receive)
            elif length > self._max_bytes:
                await self._too_large()(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _counted(self, receive: Receive) -> Receive:
        taken = 0

        async def counted() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > self._max_bytes:
                raise HTTPException(413, self._detail)
            return message

        return counted

    def _too_large(self) -> Problem:
        return problem(413, detail=self._detail)

    @property
    def _detail(self) -> str:
        return f"the body is larger than {self._max_bytes} bytes"


def _stated_length(scope: Scope) -> int | None:
    """Return the Content-Length; None if there is none, or another header overrides it."""
    length = None
    for name, value in scope["headers"]:
        if name == b"content-length":
            length = int(value) if value.isdigit() and len(value) < MAX_DIGITS else None
        elif name == b"transfer-encoding":
            return None
    return length
