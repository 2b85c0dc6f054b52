"""A plain NATS subscription: notes when an order's event came by, takes nothing from anyone."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Self, cast
from urllib.parse import urlsplit

import orjson

Hear = Callable[[str, bytes], None]  # subject, payload

CONNECT = b'CONNECT {"verbose":false,"pedantic":false,"headers":false,"name":"generator"}\r\n'
LINE_END = b"\r\n"
CONNECT_WITHIN_S = 5.0
DEFAULT_PORT = 4222


class Listener(asyncio.Protocol):
    """Speaks the client protocol, without headers: the server leaves them out then."""

    def __init__(self, subjects: Sequence[str], hear: Hear) -> None:
        self._subjects = subjects
        self._hear = hear
        self._received = bytearray()
        self._listening = asyncio.get_running_loop().create_future()
        self._transport: asyncio.Transport | None = None

    @classmethod
    async def at(cls, url: str, subjects: Sequence[str], hear: Hear) -> Self:
        """Return when the server has taken note of all subscriptions."""
        parts = urlsplit(url)
        loop = asyncio.get_running_loop()
        _, listener = await loop.create_connection(
            lambda: cls(subjects, hear), parts.hostname or "", parts.port or DEFAULT_PORT
        )
        async with asyncio.timeout(CONNECT_WITHIN_S):
            await listener._listening
        return listener

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is none by its type
        subscribe = (
            f"SUB {subject} {number}\r\n" for number, subject in enumerate(self._subjects, 1)
        )
        self._transport.write(CONNECT + "".join(subscribe).encode() + b"PING\r\n")

    def data_received(self, data: bytes) -> None:
        self._received += data
        while (end := self._received.find(LINE_END)) >= 0:
            line = bytes(self._received[:end])
            taken = end + len(LINE_END)
            if line.startswith(b"MSG"):
                _, subject, *_, size = line.split()
                after = taken + int(size)
                if len(self._received) < after + len(LINE_END):
                    return
                self._hear(subject.decode(), bytes(self._received[taken:after]))
                taken = after + len(LINE_END)
            else:
                self._obey(line)
            del self._received[:taken]

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._listening.done():
            self._listening.set_exception(exc or ConnectionError("NATS closed the connection"))

    def _obey(self, line: bytes) -> None:
        if line == b"PING" and self._transport is not None:
            self._transport.write(b"PONG\r\n")
        elif line == b"PONG" and not self._listening.done():
            self._listening.set_result(None)
        elif line.startswith(b"-ERR") and not self._listening.done():
            self._listening.set_exception(ConnectionError(line.decode()))


def order_of(payload: bytes) -> str:
    return str(orjson.loads(payload)["order_id"])
