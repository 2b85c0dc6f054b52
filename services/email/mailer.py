"""Sends letters over a pool of kept SMTP connections."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Protocol, Self

import aiosmtplib

from services.email.connection import Connection, NotBegun
from services.email.letter import Letter
from shared.errors import DependencyDown, TransientError

DEADLINE_S = 5.0
"""For one mail, from the wait for a free connection to the server's last word."""

IDLE_S = 60.0
"""Servers close what is idle (Postfix after 300 s): we do it before them."""

AGE_S = 600.0
"""So that mails find their way to a new server behind the same name."""

GOODBYE_S = 1.0


class Mailer(Protocol):
    async def send(self, letter: Letter, *, may_begin: Callable[[], bool]) -> None:
        """Return when the mail server has taken the letter.

        `may_begin` is asked just before the text goes out; if it says no, nothing is sent.

        Raises:
            PermanentError: refused for good (5xx).
            TransientError: refused for now (4xx); or no answer came, and it may have been taken.
            DependencyDown: no mail server can be reached; nothing was sent.
        """
        ...


class SmtpMailer:
    """At most `connections` mails on their way at once; connections open as they are needed.

    An async context manager: leaving it closes the connections.
    """

    def __init__(
        self, host: str, port: int, *, connections: int = 8, deadline_s: float = DEADLINE_S
    ) -> None:
        self._host = host
        self._port = port
        self._deadline_s = deadline_s
        self._turns = asyncio.Semaphore(connections)
        self._kept: list[Connection] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        for connection in self._kept:
            connection.quit()
        with suppress(TimeoutError):
            async with asyncio.timeout(GOODBYE_S):
                for connection in self._kept:
                    await connection.gone()
        for connection in self._kept:
            connection.abort()

    async def send(self, letter: Letter, *, may_begin: Callable[[], bool]) -> None:
        """As in Mailer."""
        connection: Connection | None = None
        try:
            async with asyncio.timeout(self._deadline_s), self._turns:
                connection = self._take() or await self._open()
                try:
                    await connection.deliver(letter, may_begin=may_begin)
                except NotBegun:  # most often the server closed it while it was idle
                    connection = None
                    connection = await self._open()
                    await connection.deliver(letter, may_begin=may_begin)
        except TimeoutError as error:
            if connection is None:
                raise DependencyDown("smtp", "no connection in time") from error
            raise TransientError("the mail server did not answer in time") from error
        except ConnectionError as error:
            raise TransientError(f"the connection to the mail server was lost: {error}") from error
        finally:
            self._give_back(connection)

    def _take(self) -> Connection | None:
        """Return the connection that was used last, if there is one worth using."""
        now = asyncio.get_running_loop().time()
        while self._kept:
            connection = self._kept.pop()
            rested, age = now - connection.used_at, now - connection.opened_at
            if connection.is_ready and rested < IDLE_S and age < AGE_S:
                return connection
            connection.quit()
        return None

    async def _open(self) -> Connection:
        try:
            return await Connection.open(self._host, self._port)
        except (aiosmtplib.SMTPException, OSError) as error:
            raise DependencyDown("smtp", f"{type(error).__name__}: {error}") from error

    def _give_back(self, connection: Connection | None) -> None:
        if connection is None:
            return
        if connection.is_ready:
            self._kept.append(connection)
        else:  # cut short in the middle of a mail
            connection.abort()
