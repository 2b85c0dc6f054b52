"""SMTP's commands and replies on a transport: some bytes out, and each reply to whom it answers."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

LONGEST_LINE = 64 * 1024
_CODES = {b"%d" % code: code for code in range(100, 600)}


class Reply(NamedTuple):
    code: int
    text: str

    @property
    def is_yes(self) -> bool:
        return self.code // 100 == 2


Step = Callable[[Reply], None]


class Wire(asyncio.Protocol):
    """One conversation. It takes over a transport on which nothing is under way.

    `lost` is called once, when the connection is closed, by whichever side.

    Whoever writes says who takes each of the replies. Calls, not futures: a future costs a turn of
    the loop, and its sender's coroutines a wake-up (4 µs for each write).
    """

    def __init__(
        self, transport: asyncio.Transport, *, lost: Callable[[ConnectionError], None]
    ) -> None:
        self._lost = lost
        self._transport: asyncio.Transport | None = transport
        self._unread = b""
        self._steps: deque[Step] = deque()
        self._said: Reply | None = None
        self._gone = asyncio.Event()
        transport.set_protocol(self)

    @property
    def is_open(self) -> bool:
        return self._transport is not None and not self._transport.is_closing()

    def say(self, data: bytes, *steps: Step) -> None:
        """Send, and hand the replies to these steps, as they come."""
        self._said = None
        self._steps += steps
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)

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
        *lines, self._unread = (self._unread + data).split(b"\n")
        # A dash stands in all lines of a reply but the last.
        replies = [_parsed(line) for line in lines if line[3:4] != b"-"]
        if len(replies) > len(self._steps) or len(self._unread) > LONGEST_LINE:
            self.abort()  # it says goodbye unasked, or does not speak SMTP
            return
        for reply in replies:
            self._said = reply
            self._steps.popleft()(reply)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._gone.set()
        last = f" after {self._said}" if self._said else ""
        self._lost(ConnectionResetError(f"{exc or 'closed by the server'}{last}"))


def _parsed(line: bytes) -> Reply:
    return Reply(_CODES.get(line[:3], 0), line[4:].decode("utf-8", "replace").strip())
