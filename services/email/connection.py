"""One kept SMTP connection, one mail at a time.

aiosmtplib opens it (greeting, EHLO, what the server offers). The mails go past it: MAIL, RCPT and
DATA in one write where the server offers PIPELINING (RFC 2920). That costs a third of a round trip
for each command, and leaves a moment just before the text to see whether the mail is still ours.
"""

import asyncio
import socket
from collections.abc import Callable
from typing import Self, cast

import aiosmtplib

from services.email.letter import Letter
from services.email.wire import Reply, Wire
from shared.errors import PermanentError, ShopError, TransientError

CONTINUE, CLOSING = 354, 421


class NotBegun(ConnectionError):
    """The connection was lost before the mail's text was on its way: nothing was sent."""


class Connection:
    """Hands mails to the server on the other end of a wire."""

    def __init__(self, wire: Wire, *, pipelining: bool, utf8: bool) -> None:
        self._wire = wire
        self._pipelining = pipelining
        self._utf8 = utf8
        self._busy = False
        self._loop = asyncio.get_running_loop()
        self.opened_at = self.used_at = self._loop.time()

    @classmethod
    async def open(cls, host: str, port: int) -> Self:
        """Connect and say EHLO. The caller sets the deadline.

        Raises:
            aiosmtplib.SMTPException, OSError: there is no working mail server.
        """
        smtp = aiosmtplib.SMTP(
            hostname=host,
            port=port,
            timeout=None,
            start_tls=False,
            local_hostname=socket.gethostname(),
        )
        try:
            await smtp.connect()
            await smtp.ehlo()
        except BaseException:
            smtp.close()
            raise
        return cls(
            Wire(cast(asyncio.Transport, smtp.transport)),
            pipelining=smtp.supports_extension("pipelining"),
            utf8=smtp.supports_extension("smtputf8"),
        )

    @property
    def is_ready(self) -> bool:
        """Whether it is open, and no mail is under way on it."""
        return not self._busy and self._wire.is_open

    async def deliver(self, letter: Letter, *, may_begin: Callable[[], bool]) -> None:
        """Hand one mail to the server, and return when it has taken it.

        `may_begin` is asked just before the text goes out.

        Raises:
            NotBegun: lost before the text; the mail can go over another connection.
            PermanentError, TransientError: the server's 5xx and 4xx.
            ConnectionError: lost after the text; the server may have taken the mail.
        """
        self._busy = True
        try:
            await self._envelope(letter)
        except ConnectionError as error:
            raise NotBegun(str(error)) from error
        if not may_begin():
            self.abort()  # without the final dot the server must not deliver what it has
            raise TransientError("the claim on the mail ended before its turn came")
        [reply] = await self._wire.ask(_as_data(letter.content))
        self._rest()
        if not reply.is_yes:
            raise refusal(reply)

    def quit(self) -> None:
        """Say goodbye and hang up."""
        self._wire.quit()

    def abort(self) -> None:
        self._wire.abort()

    async def gone(self) -> None:
        """Wait until the connection is closed."""
        await self._wire.gone()

    async def _envelope(self, letter: Letter) -> None:
        """Bring the server to the point where it waits for the text."""
        commands = self._commands(letter)
        if self._pipelining:
            replies = await self._wire.ask(b"".join(commands), replies=len(commands))
        else:
            replies = await self._ask_in_turn(commands)
        waits_for_text = replies[-1].code == CONTINUE
        answers = replies[:-1] if waits_for_text else replies
        refused = next((reply for reply in answers if not reply.is_yes), None)
        if refused is not None:
            await self._reset(refused, waits_for_text=waits_for_text)
            raise refusal(refused)

    def _commands(self, letter: Letter) -> tuple[bytes, bytes, bytes]:
        option = ""
        if not letter.recipient.isascii():
            if not self._utf8:
                self._rest()
                raise PermanentError("the mail server takes no address beyond ASCII")
            option = " SMTPUTF8"
        return (
            f"MAIL FROM:<{letter.sender}>{option}\r\n".encode(),
            f"RCPT TO:<{letter.recipient}>\r\n".encode(),
            b"DATA\r\n",
        )

    async def _ask_in_turn(self, commands: tuple[bytes, ...]) -> list[Reply]:
        replies: list[Reply] = []
        for command in commands:
            replies += await self._wire.ask(command)
            if not replies[-1].is_yes:
                break
        return replies

    async def _reset(self, refused: Reply, *, waits_for_text: bool) -> None:
        """Make the connection ready for another mail after a refusal, or give it up."""
        if refused.code == CLOSING:
            self.abort()
            raise ConnectionResetError(f"the server closes: {refused.text}")
        if waits_for_text:  # it took DATA for no recipient at all (RFC 2920, 3.1)
            self.abort()
            return
        await self._wire.ask(b"RSET\r\n")
        self._rest()

    def _rest(self) -> None:
        self._busy = False
        self.used_at = self._loop.time()


def refusal(reply: Reply) -> ShopError:
    """Return the error that a reply other than yes means: only 5xx is for good."""
    kind = PermanentError if reply.code >= 500 else TransientError
    return kind(f"the mail server said {reply.code} {reply.text}")


def _as_data(content: bytes) -> bytes:
    """Return the text as DATA wants it: leading dots doubled, a lone dot at the end."""
    text = content.replace(b"\r\n.", b"\r\n..")
    return text + (b".\r\n" if text.endswith(b"\r\n") else b"\r\n.\r\n")
