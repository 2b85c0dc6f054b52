"""The largest request body: beyond it 413, whatever the client says or does not say of its size."""

from collections.abc import Collection, Mapping

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
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
            length = _stated_length(dict(scope["headers"]))
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
                raise _too_large(self._max_bytes)
            return message

        return counted

    def _too_large(self) -> Problem:
        return problem(413, detail=_too_large(self._max_bytes).detail)


async def body_of(headers: Mapping[bytes, bytes], receive: Receive, max_bytes: int) -> bytes:
    """Return a request's whole body; raises HTTPException, before it is read if it can."""
    if (_stated_length(headers) or 0) > max_bytes:
        raise _too_large(max_bytes)
    body, more = b"", True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        body += message["body"]
        more = message["more_body"]
        if len(body) > max_bytes:
            raise _too_large(max_bytes)
    return body


def _too_large(max_bytes: int) -> HTTPException:
    return HTTPException(413, f"the body is larger than {max_bytes} bytes")


def _stated_length(headers: Mapping[bytes, bytes]) -> int | None:
    """Return the Content-Length; None if there is none, or another header overrides it."""
    stated = headers.get(b"content-length", b"")
    if b"transfer-encoding" in headers or not stated.isdigit() or len(stated) >= MAX_DIGITS:
        return None
    return int(stated)
