"""One request and its response on aiohttp's kept connections, without aiohttp's session.

The connector (DNS, TLS, keep-alive), its protocol and its parser are aiohttp's; so are the errors.
Left out is ClientSession with its requests and responses: redirects, cookies, forms, tracing, and
a task for each body. A charge needs none of them, and they were half of a call's CPU time (190 µs
before, 100 after, 32 at once). httpx costs twice as much as the session, on the same transport.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import field

import aiohttp
from aiohttp.connector import Connection
from aiohttp.http import HttpProcessingError
from yarl import URL

from shared.values import value

CONNECT_TIMEOUT_S = 1.0
KEEPALIVE_S = 4.0  # uvicorn's servers hang up after 5: we let go first
INFORMATIONAL = frozenset(range(100, 200)) - {101}  # what comes before the answer
# Raised before anything of a request has left; any other error may come after the charge.
UNSENT = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)
LOST = (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError)


@value
class Request:
    """`url` is one of few, of which all that stays the same is kept ready; `query` comes behind it.

    The headers are written as they are: names and values are of our own making.
    """

    method: str
    url: str
    query: Mapping[str, str | int] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None


@value
class Response:
    status: int
    body: bytes
    retry_after: str


class _Target:
    """A URL, with what aiohttp's connector wants to know of it, and the headers it always gets."""

    __slots__ = ("headers", "path", "request")

    def __init__(self, url: str) -> None:
        self.request = aiohttp.ClientRequest("GET", URL(url), loop=asyncio.get_running_loop())
        self.path = self.request.url.raw_path_qs
        self.headers = _lines(self.request.headers)

    def bytes_of(self, request: Request) -> bytes:
        path = self.path
        if request.query:
            path = self.request.url.extend_query(request.query).raw_path_qs
        head = f"{request.method} {path} HTTP/1.1\r\n{self.headers}{_lines(request.headers)}"
        if request.body is None:
            return f"{head}\r\n".encode()
        return f"{head}Content-Length: {len(request.body)}\r\n\r\n".encode() + request.body


def _lines(headers: Mapping[str, str]) -> str:
    return "".join([f"{name}: {value}\r\n" for name, value in headers.items()])


class Exchange:
    """The kept connections; made in a running loop, and closed in it."""

    def __init__(self, *, connect_timeout_s: float = CONNECT_TIMEOUT_S) -> None:
        self._connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=KEEPALIVE_S)
        self._timeout = aiohttp.ClientTimeout(connect=connect_timeout_s)
        self._targets: dict[str, _Target] = {}

    async def close(self) -> None:
        await self._connector.close()

    async def send(self, request: Request) -> Response:
        """Return the response; redirects are not followed.

        Raises:
            UNSENT: no connection came about in time.
            aiohttp.ClientError, OSError: it broke, or what came is not HTTP.
        """
        target = self._targets.get(request.url)
        if target is None:
            target = self._targets[request.url] = _Target(request.url)
        try:
            return await self._once(request, target)
        except LOST as error:
            # The server may have let go of a kept connection meanwhile: asking again does no harm.
            if request.method != "GET" or isinstance(error, UNSENT):
                raise
            return await self._once(request, target)

    async def _once(self, request: Request, target: _Target) -> Response:
        connection = await self._connect(target)
        try:
            response = await _ask(connection, request, target)
        except BaseException:
            connection.close()
            raise
        connection.release()
        return response

    async def _connect(self, target: _Target) -> Connection:
        try:
            return await self._connector.connect(target.request, traces=[], timeout=self._timeout)
        except TimeoutError as error:
            raise aiohttp.ConnectionTimeoutError(
                f"Connection timeout to host {target.request.url}"
            ) from error


async def _ask(connection: Connection, request: Request, target: _Target) -> Response:
    protocol = connection.protocol
    if protocol is None or protocol.transport is None:
        raise aiohttp.ClientConnectionResetError("Cannot write to closing transport")
    protocol.set_response_params(read_until_eof=True)
    protocol.transport.write(target.bytes_of(request))
    try:
        head, body = await protocol.read()
        while head.code in INFORMATIONAL:
            head, body = await protocol.read()
    except HttpProcessingError as error:
        raise aiohttp.ClientResponseError(
            target.request.request_info,
            (),
            status=error.code,
            message=error.message,
            headers=error.headers,
        ) from error
    # What came with its head, as most do, is there already: 2 µs less.
    content = body.read_nowait() if body.is_eof() else await body.read()
    return Response(head.code, content, head.headers.get("Retry-After", ""))
