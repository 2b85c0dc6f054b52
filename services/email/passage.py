"""A letter on its way to the mail server, from its sender's wish to the server's word."""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from services.email.letter import Letter

if TYPE_CHECKING:
    from services.email.connection import Connection


class Passage:
    """What a sender waits for.

    `may_begin` is asked just before the text goes out. `carrier` is the connection whose server
    is the one to speak next about the letter: none while it waits for its turn, and none in the
    end.
    """

    __slots__ = ("answer", "carrier", "letter", "may_begin", "was_lost")

    def __init__(
        self, letter: Letter, may_begin: Callable[[], bool], answer: asyncio.Future[None]
    ) -> None:
        self.letter = letter
        self.may_begin = may_begin
        self.answer = answer
        self.carrier: Connection | None = None
        self.was_lost = False

    @property
    def is_over(self) -> bool:
        """Whether it has its answer, or its sender went away."""
        return self.answer.done()

    def arrive(self) -> None:
        self.carrier = None
        if not self.answer.done():
            self.answer.set_result(None)

    def fail(self, error: Exception) -> None:
        self.carrier = None
        if not self.answer.done():
            self.answer.set_exception(error)
