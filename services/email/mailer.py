"""Sends letters over kept SMTP connections."""

import asyncio
from collections.abc import Callable
from types import TracebackType
from typing import Protocol, Self

from services.email.depot import Depot
from services.email.letter import Letter
from services.email.passage import Passage
from shared.errors import DependencyDown, TransientError

DEADLINE_S = 5.0
"""For one mail, from the wait for a free connection to the server's last word."""


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
    """At most `connections` kept connections; a letter that finds all of them busy waits.

    An async context manager: leaving it closes the connections.
    """

    def __init__(
        self, host: str, port: int, *, connections: int = 8, deadline_s: float = DEADLINE_S
    ) -> None:
        self._depot = Depot(host, port, connections=connections, deadline_s=deadline_s)
        self._deadline_s = deadline_s

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        await self._depot.close()

    async def send(self, letter: Letter, *, may_begin: Callable[[], bool]) -> None:
        """As in Mailer."""
        loop = asyncio.get_running_loop()
        passage = Passage(letter, may_begin, loop.create_future())
        deadline = loop.call_later(self._deadline_s, _expire, passage)
        try:
            self._depot.accept(passage)
            await passage.answer
        except ConnectionError as error:
            raise TransientError(f"the connection to the mail server was lost: {error}") from error
        finally:
            deadline.cancel()
            _cut_short(passage)


def _expire(passage: Passage) -> None:
    if passage.carrier is None:
        passage.fail(DependencyDown("smtp", "no connection in time"))
    else:
        _cut_short(passage)
        passage.fail(TransientError("the mail server did not answer in time"))


def _cut_short(passage: Passage) -> None:
    """Give up the connection that still carries the letter: what it would say next is unknown."""
    if passage.carrier is not None:
        passage.carrier.abort()
