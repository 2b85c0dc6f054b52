"""One kept SMTP connection, one mail at a time.

aiosmtplib opens it (greeting, EHLO, what the server offers). The mails go past it: MAIL, RCPT and
DATA in one write where the server offers PIPELINING (RFC 2920). That costs a fifth of a round trip
for each command, and leaves a moment just before the text to see whether the mail is still ours.
"""

import asyncio
import socket
from collections.abc import Callable
from typing import NamedTuple, Self, cast

import aiosmtplib

from services.email.letter import Letter
from shared.errors import PermanentError, ShopError, TransientError

ACCEPTED, CONTINUE, CLOSING = 250, 354, 421
LONGEST_REPLY = 64 * 1024


class Reply(NamedTuple):
    code: int
    text: str


class NotBegun(ConnectionError):
    """The connection was lost before the mail's text was on its way: nothing was sent."""


class Connection(asyncio.Protocol):
    """Speaks SMTP on a transport that aiosmtplib has opened."""

    def __init__(self, *, pipelining: bool, utf8: bool) -> None:
        self._loop = asyncio.get_running_loop()
        self.opened_at = self.used_at = self._loop.time()
        self._pipelining = pipelining
        self._utf8 = utf8
        self._transport: asyncio.Transport | None = None
        self._busy = False
        self._unread = bytearray()
        self._replies: list[Reply] = []
        self._wanted = 0
        self._answered: asyncio.Future[None] | None = None
        self._gone = asyncio.Event()

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
        connection = cls(
            pipelining=smtp.supports_extension("pipelining"),
            utf8=smtp.supports_extension("smtputf8"),
        )
        connection._take_over(cast(asyncio.Transport, smtp.transport))
        return connection

    @property
    def is_ready(self) -> bool:
        """Whether it is open, and no mail is under way on it."""
        return not self._busy and self._transport is not None and not self._transport.is_closing()

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
        [reply] = await self._ask(_as_data(letter.content))
        self._rest()
        if reply.code != ACCEPTED:
            raise refusal(reply)

    def quit(self) -> None:
        """Say goodbye and hang up."""
        if self._transport is not None:
            self._transport.write(b"QUIT\r\n")
            self._transport.close()

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    async def gone(self) -> None:
        """Wait until the connection is closed."""
        await self._gone.wait()

    async def _envelope(self, letter: Letter) -> None:
        """Bring the server to the point where it waits for the text."""
        commands = self._commands(letter)
        if self._pipelining:
            replies = await self._ask(b"".join(commands), replies=len(commands))
        else:
            replies = await self._ask_in_turn(commands)
        refused = next((reply for reply in replies if reply.code not in (ACCEPTED, CONTINUE)), None)
        if refused is not None:
            await self._reset(refused, waits_for_text=replies[-1].code == CONTINUE)
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

    async def _reset(self, refused: Reply, *, waits_for_text: bool) -> None:
        """Make the connection ready for another mail after a refusal, or give it up."""
        if refused.code == CLOSING:
            self.abort()
            raise ConnectionResetError(f"the server closes: {refused.text}")
        if waits_for_text:  # it took DATA for no recipient at all (RFC 2920, 3.1)
            self.abort()
            return
        await self._ask(b"RSET\r\n")
        self._rest()

    async def _ask_in_turn(self, commands: tuple[bytes, ...]) -> list[Reply]:
        replies: list[Reply] = []
        for command in commands:
            replies += await self._ask(command)
            if replies[-1].code not in (ACCEPTED, CONTINUE):
                break
        return replies

    async def _ask(self, data: bytes, replies: int = 1) -> list[Reply]:
        if self._transport is None or self._transport.is_closing():
            raise ConnectionResetError("the connection is closed")
        self._wanted = replies
        self._answered = self._loop.create_future()
        self._transport.write(data)
        await self._answered
        self._wanted = 0
        answers, self._replies = self._replies, []
        return answers

    def _rest(self) -> None:
        self._busy = False
        self.used_at = self._loop.time()

    def _take_over(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        transport.set_protocol(self)

    def data_received(self, data: bytes) -> None:
        self._unread += data
        while (end := self._unread.find(b"\n")) >= 0:
            line = bytes(self._unread[:end])
            del self._unread[: end + 1]
            if line[3:4] != b"-":  # the last line of a reply
                self._replies.append(_parsed(line))
        if len(self._replies) > self._wanted or len(self._unread) > LONGEST_REPLY:
            self.abort()  # it says goodbye unasked, or does not speak SMTP
        elif len(self._replies) == self._wanted and self._answered and not self._answered.done():
            self._answered.set_result(None)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._gone.set()
        if self._answered and not self._answered.done():
            self._answered.set_exception(ConnectionResetError(str(exc or "closed by the server")))


def refusal(reply: Reply) -> ShopError:
    """Return the error that a reply other than yes means: only 5xx is for good."""
    kind = PermanentError if reply.code >= 500 else TransientError
    return kind(f"the mail server said {reply.code} {reply.text}")


def _as_data(content: bytes) -> bytes:
    """Return the text as DATA wants it: leading dots doubled, a lone dot at the end."""
    text = content.replace(b"\r\n.", b"\r\n..")
    return text + (b".\r\n" if text.endswith(b"\r\n") else b"\r\n.\r\n")


def _parsed(line: bytes) -> Reply:
    code = int(line[:3]) if line[:3].isdigit() else 0
    return Reply(code, line[4:].decode("utf-8", "replace").strip())
