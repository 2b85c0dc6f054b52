"""HTTP/1.1 as a customer needs it: a request as ready bytes, an answer with a Content-Length."""

import asyncio
from typing import NamedTuple, cast
from urllib.parse import urlsplit

HEAD_END = b"\r\n\r\n"
LENGTH = b"content-length:"
MOST_CONNECTIONS = 512


class Answer(NamedTuple):
    status: int  # 0: the connection broke
    body: bytes


class Connection(asyncio.Protocol):
    """A kept connection with one request under way at the most."""

    def __init__(self) -> None:
        self._received = b""
        self._answer: asyncio.Future[Answer] | None = None
        self._transport: asyncio.Transport | None = None

    @property
    def is_open(self) -> bool:
        return self._transport is not None and not self._transport.is_closing()

    def ask(self, request: bytes) -> asyncio.Future[Answer]:
        assert self._transport is not None  # noqa: S101 - made by create_connection
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return self._answer

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is none by its type

    def connection_lost(self, exc: Exception | None) -> None:
        self._settle(Answer(0, repr(exc or "closed").encode()))

    def data_received(self, data: bytes) -> None:
        self._received += data
        head_end = self._received.find(HEAD_END)
        if head_end < 0:
            return
        head = self._received[:head_end].lower()
        body_at = head_end + len(HEAD_END)
        end = body_at + _content_length(head)
        if len(self._received) < end:
            return
        body, self._received = self._received[body_at:end], self._received[end:]
        if b"connection: close" in head:
            self.close()
        self._settle(Answer(int(head[9:12]), body))

    def _settle(self, answer: Answer) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(answer)


class Customer:
    """Speaks with one replica; the connection that was free last is the next to be used."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "", parts.port or 80
        self._free: list[Connection] = []
        self._may_open = asyncio.Semaphore(MOST_CONNECTIONS)

    async def connect(self, connections: int) -> None:
        self._free.extend([await self._opened() for _ in range(connections)])

    async def ask(self, request: bytes) -> Answer:
        async with self._may_open:
            connection = await self._connection()
            answer = await connection.ask(request)
            if connection.is_open:
                self._free.append(connection)
        return answer

    def head(self, token: str) -> bytes:
        """Return the part of `POST /orders` that is the same for all."""
        return (
            f"POST /orders HTTP/1.1\r\nHost: {self._host}:{self._port}\r\n"
            f"Authorization: Bearer {token}\r\nContent-Type: application/json\r\n"
        ).encode()

    def close(self) -> None:
        for connection in self._free:
            connection.close()

    async def _connection(self) -> Connection:
        while self._free:
            connection = self._free.pop()
            if connection.is_open:
                return connection
        return await self._opened()

    async def _opened(self) -> Connection:
        loop = asyncio.get_running_loop()
        _, connection = await loop.create_connection(Connection, self._host, self._port)
        return connection


def _content_length(head: bytes) -> int:
    at = head.find(LENGTH)
    if at < 0:
        raise ValueError(f"an answer without a length: {head!r}")
    at += len(LENGTH)
    end = head.find(b"\r\n", at)
    return int(head[at:] if end < 0 else head[at:end])
