"""Buyers in masses, who cost little: on one machine, what the clients take the shop lacks."""

import asyncio
from typing import NamedTuple, cast
from urllib.parse import urlsplit

from chaos.client import ANSWER_WITHIN_S, CONNECT_WITHIN_S, NOT_SENT, Client
from chaos.history import Purchase

HEAD_END = b"\r\n\r\n"
LINE_END = b"\r\n"


class Answer(NamedTuple):
    status: int
    retry_after: str  # "" if there is none
    body: bytes


class Crowd:
    """As many buyers at once as one likes, each on a connection of its own, kept for the next."""

    def __init__(self, client: Client, url: str, *, token: str) -> None:
        order = urlsplit(url)
        self._client = client
        self._host, self._port = order.hostname or "", order.port or 80
        self._head = (
            f"POST /orders HTTP/1.1\r\nHost: {order.netloc}\r\n"
            f"Authorization: Bearer {token}\r\n"
            f"Content-Type: application/json\r\n"
        )
        self._free: list[_Connection] = []

    async def come(self, number: int) -> None:
        """Connect so many beforehand, as buyers are who have looked around before."""
        self._free += [await self._opened() for _ in range(number)]

    async def ask(self, purchase: Purchase) -> str:
        """Return what was said; for `Client.buy` and `try_to_buy`."""
        try:
            connection = await self._connection()
        except (OSError, TimeoutError):
            return NOT_SENT
        patience = asyncio.get_running_loop().call_later(ANSWER_WITHIN_S, connection.give_up)
        try:
            answer = await connection.ask(self._request(purchase))
        except (OSError, TimeoutError) as error:
            return type(error).__name__
        finally:
            patience.cancel()
        self._free.append(connection)
        return self._client.heard(purchase, answer.status, answer.retry_after, answer.body)

    def close(self) -> None:
        for connection in self._free:
            connection.close()

    def _request(self, purchase: Purchase) -> bytes:
        own = f"Idempotency-Key: {purchase.key}\r\nContent-Length: {len(purchase.body)}\r\n\r\n"
        return (self._head + own).encode() + purchase.body

    async def _connection(self) -> "_Connection":
        while self._free:
            if (kept := self._free.pop()).is_open:
                return kept
        return await asyncio.wait_for(self._opened(), CONNECT_WITHIN_S)

    async def _opened(self) -> "_Connection":
        loop = asyncio.get_running_loop()
        return (await loop.create_connection(_Connection, self._host, self._port))[1]


class _Connection(asyncio.Protocol):
    """HTTP/1.1, one request under way, answers with a Content-Length."""

    def __init__(self) -> None:
        self._received = b""
        self._answer: asyncio.Future[Answer] | None = None
        self._transport: asyncio.Transport

    @property
    def is_open(self) -> bool:
        return not self._transport.is_closing()

    def ask(self, request: bytes) -> asyncio.Future[Answer]:
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return self._answer

    def give_up(self) -> None:
        """End what is asked with a TimeoutError: `asyncio.timeout` costs 3 µs more a request."""
        self._fail(TimeoutError())
        self.close()

    def close(self) -> None:
        self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is none by its type

    def connection_lost(self, exc: Exception | None) -> None:
        self._fail(exc or ConnectionResetError("closed"))

    def _fail(self, error: Exception) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(error)

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, found, rest = self._received.partition(HEAD_END)
        head = head.lower() + LINE_END
        if not found or len(rest) < int(_header(head, b"content-length")):
            return
        self._received = b""
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(Answer(int(head[9:12]), _header(head, b"retry-after"), rest))


def _header(head: bytes, name: bytes) -> str:
    """Return the value, "" if there is none; `head` is in lower case."""
    return head.partition(b"\r\n%b: " % name)[2].partition(LINE_END)[0].decode()
