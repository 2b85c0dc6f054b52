"""SMTP's commands and replies on a transport: some bytes out, so many replies back."""

import asyncio
from typing import NamedTuple

LONGEST_LINE = 64 * 1024


class Reply(NamedTuple):
    code: int
    text: str

    @property
    def is_yes(self) -> bool:
        return self.code // 100 == 2


class Wire(asyncio.Protocol):
    """One conversation. It takes over a transport on which nothing is under way."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = transport
        self._unread = bytearray()
        self._replies: list[Reply] = []
        self._wanted = 0
        self._answered: asyncio.Future[None] | None = None
        self._gone = asyncio.Event()
        transport.set_protocol(self)

    @property
    def is_open(self) -> bool:
        return self._transport is not None and not self._transport.is_closing()

    async def ask(self, data: bytes, replies: int = 1) -> list[Reply]:
        """Send, and return the replies when all have come. One at a time; no deadline of its own.

        Raises:
            ConnectionError: it was lost before the last reply.
        """
        if self._transport is None or self._transport.is_closing():
            raise ConnectionResetError("the connection is closed")
        self._wanted = replies
        self._answered = self._loop.create_future()
        self._transport.write(data)
        await self._answered
        self._wanted = 0
        answers, self._replies = self._replies, []
        return answers

    def quit(self) -> None:
        """Say goodbye and hang up."""
        if self._transport is not None:
            self._transport.write(b"QUIT\r\n")
            self._transport.close()

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    async def gone(self) -> None:
        """Wait until it is closed."""
        await self._gone.wait()

    def data_received(self, data: bytes) -> None:
        self._unread += data
        while (end := self._unread.find(b"\n")) >= 0:
            line = bytes(self._unread[:end])
            del self._unread[: end + 1]
            if line[3:4] != b"-":  # the last line of a reply
                self._replies.append(_parsed(line))
        if len(self._replies) > self._wanted or len(self._unread) > LONGEST_LINE:
            self.abort()  # it says goodbye unasked, or does not speak SMTP
        elif len(self._replies) == self._wanted and self._answered and not self._answered.done():
            self._answered.set_result(None)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._gone.set()
        if self._answered and not self._answered.done():
            reason = exc or "closed by the server"
            last = f" after {self._replies[-1]}" if self._replies else ""
            self._answered.set_exception(ConnectionResetError(f"{reason}{last}"))


def _parsed(line: bytes) -> Reply:
    code = int(line[:3]) if line[:3].isdigit() else 0
    return Reply(code, line[4:].decode("utf-8", "replace").strip())
