"""Where letters wait for a connection to the mail server, and connections for letters."""

import asyncio
from collections import deque
from contextlib import suppress
from time import monotonic

import aiosmtplib

from services.email.connection import Connection
from services.email.passage import Passage
from shared.errors import DependencyDown
from shared.tasks import end

IDLE_S = 60.0
"""Servers close what is idle (Postfix after 300 s): we do it before them."""

AGE_S = 600.0
"""So that mails find their way to a new server behind the same name."""

GOODBYE_S = 1.0


class Depot:
    """At most `connections` at once, which open as they are needed; letters wait in line.

    A connection that has carried one letter takes the next that waits, and rests if none does.
    """

    def __init__(self, host: str, port: int, *, connections: int, deadline_s: float) -> None:
        self._host = host
        self._port = port
        self._deadline_s = deadline_s
        self._room = connections
        self._waiting: deque[Passage] = deque()
        self._resting: list[Connection] = []
        self._connections: set[Connection] = set()
        self._opening: set[asyncio.Task[None]] = set()

    def accept(self, passage: Passage) -> None:
        """Send the letter off at once, or let it wait where all connections are busy."""
        connection = self._rested()
        if connection is not None:
            connection.carry(passage)
        elif self._room:
            self._open_for(passage)
        else:
            self._waiting.append(passage)

    def next_for(self, connection: Connection) -> Passage | None:
        """As in connection.Depot; nothing for a connection that has had its time."""
        return None if _is_old(connection) else self._next_waiting()

    def rest(self, connection: Connection) -> None:
        """As in connection.Depot."""
        self._resting.append(connection)
        if self._waiting:  # it has had its time
            self._let_go(connection)
            self._fill()

    def lost(self, connection: Connection, unbegun: Passage | None, why: ConnectionError) -> None:
        """As in connection.Depot: an unbegun letter gets a fresh connection, once.

        Most often the server closed the old one while it was idle.
        """
        self._forget(connection)
        if unbegun is None or unbegun.is_over:
            self._fill()
        elif unbegun.was_lost:
            unbegun.fail(why)
            self._fill()
        else:
            unbegun.was_lost, unbegun.carrier = True, None
            self._open_for(unbegun)

    async def close(self) -> None:
        """Say goodbye to the server, on every connection."""
        await end(self._opening)
        leaving = list(self._connections)
        for connection in self._resting:
            connection.quit()
        with suppress(TimeoutError):
            async with asyncio.timeout(GOODBYE_S):
                for connection in self._resting:
                    await connection.gone()
        for connection in leaving:
            connection.abort()

    def _rested(self) -> Connection | None:
        """Return the connection that was used last, if there is one worth using."""
        while self._resting:
            connection = self._resting[-1]
            if connection.is_open and not _is_old(connection) and not _has_idled(connection):
                return self._resting.pop()
            self._let_go(connection)
        return None

    def _next_waiting(self) -> Passage | None:
        while self._waiting:
            passage = self._waiting.popleft()
            if not passage.is_over:
                return passage
        return None

    def _fill(self) -> None:
        """Use the room for a connection, if a letter waits for it."""
        if self._room and (passage := self._next_waiting()) is not None:
            self._open_for(passage)

    def _open_for(self, passage: Passage) -> None:
        self._room -= 1
        task = asyncio.create_task(self._open(passage), name="open-smtp")
        self._opening.add(task)
        task.add_done_callback(self._opening.discard)

    async def _open(self, passage: Passage) -> None:
        """Open a connection, beginning with this letter; if it fails, it is an outage to it."""
        connection = None
        try:
            async with asyncio.timeout(self._deadline_s):
                connection = await Connection.open(self._host, self._port, self)
        except (aiosmtplib.SMTPException, OSError) as error:
            passage.fail(DependencyDown("smtp", f"{type(error).__name__}: {error}"))
        finally:
            if connection is None:
                self._room += 1
        if connection is None:
            self._fill()
        else:
            self._connections.add(connection)
            connection.carry(self._next_waiting() if passage.is_over else passage)

    def _let_go(self, connection: Connection) -> None:
        connection.quit()
        self._forget(connection)

    def _forget(self, connection: Connection) -> None:
        """Make room: it is closed, or will be in a moment."""
        if connection in self._connections:
            self._connections.discard(connection)
            self._room += 1
        if connection in self._resting:
            self._resting.remove(connection)


def _is_old(connection: Connection) -> bool:
    return monotonic() - connection.opened_at >= AGE_S


def _has_idled(connection: Connection) -> bool:
    return monotonic() - connection.used_at >= IDLE_S
