"""One kept SMTP connection, one mail at a time.

aiosmtplib opens it (greeting, EHLO, what the server offers). The mails go past it. Where the server
offers PIPELINING (RFC 2920), MAIL, RCPT and DATA go in one write, and where letters wait, behind
the text of the mail before: then a mail costs one write and one round trip, alone two. The text
itself has to wait for the server's word, which leaves a moment to see whether the mail is still
ours.
"""

import asyncio
import socket
from collections.abc import Sequence
from functools import partial
from time import monotonic
from typing import Protocol, Self, cast

import aiosmtplib

from services.email.letter import Letter
from services.email.passage import Passage
from services.email.wire import Reply, Wire
from shared.errors import PermanentError, ShopError, TransientError

CONTINUE, CLOSING = 354, 421


class Depot(Protocol):
    """Where letters wait and connections rest."""

    def next_for(self, connection: "Connection", /) -> Passage | None:
        """Return the letter that the connection is to carry next, if one waits for it."""
        ...

    def rest(self, connection: "Connection", /) -> None:
        """Take back a connection that carries nothing any more."""
        ...

    def lost(self, connection: "Connection", unbegun: Passage | None, why: ConnectionError) -> None:
        """Note that it is closed; `unbegun` is the letter of which no text was on its way yet."""
        ...


class Connection:
    """Carries letters to the server on the other end of a wire."""

    def __init__(
        self, transport: asyncio.Transport, depot: Depot, *, pipelining: bool, utf8: bool
    ) -> None:
        self._wire = Wire(transport, lost=self._on_lost)
        self._depot = depot
        self._pipelining = pipelining
        self._utf8 = utf8
        self.opened_at = self.used_at = monotonic()
        self._carried: Passage | None = None
        self._following: Passage | None = None
        self._text_is_out = False
        self._refused: Reply | None = None
        self._unsaid: Sequence[bytes] = ()
        self._after_envelope = (self._after_address, self._after_address, self._after_data)

    @classmethod
    async def open(cls, host: str, port: int, depot: Depot) -> Self:
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
            cast(asyncio.Transport, smtp.transport),
            depot,
            pipelining=smtp.supports_extension("pipelining"),
            utf8=smtp.supports_extension("smtputf8"),
        )

    @property
    def is_open(self) -> bool:
        return self._wire.is_open

    def carry(self, passage: Passage | None) -> None:
        """Carry this letter to the server, and then whichever waits; without one, rest.

        Nothing may be under way. The letter's answer is a PermanentError or TransientError for the
        server's 5xx and 4xx, and a ConnectionError if the connection was lost after the text: the
        server may have taken it.
        """
        passage = self._fit(passage)
        self._carried = passage
        if passage is None:
            self.used_at = monotonic()
            self._depot.rest(self)
            return
        passage.carrier = self
        commands = _commands(passage.letter)
        if self._pipelining:
            self._wire.say(b"".join(commands), *self._after_envelope)
        else:
            self._unsaid = commands
            self._say_next()

    def quit(self) -> None:
        """Say goodbye and hang up."""
        self._wire.quit()

    def abort(self) -> None:
        self._wire.abort()

    async def gone(self) -> None:
        """Wait until the connection is closed."""
        await self._wire.gone()

    def _fit(self, passage: Passage | None) -> Passage | None:
        """Return the letter, or the next that waits which this server can take."""
        while not (passage is None or self._utf8 or passage.letter.recipient.isascii()):
            passage.fail(PermanentError("the mail server takes no address beyond ASCII"))
            passage = self._depot.next_for(self)
        return passage

    def _say_next(self) -> None:
        command, *self._unsaid = self._unsaid
        self._wire.say(command, self._after_command if self._unsaid else self._after_data)

    def _after_command(self, reply: Reply) -> None:
        if reply.is_yes:
            self._say_next()
        else:
            self._refuse(reply)

    def _after_address(self, reply: Reply) -> None:
        if not reply.is_yes and self._refused is None:
            self._refused = reply

    def _after_data(self, reply: Reply) -> None:
        refused, self._refused = self._refused, None
        waits_for_text = reply.code == CONTINUE
        if waits_for_text and refused is None:
            self._begin()
        else:
            self._refuse(refused or reply, waits_for_text=waits_for_text)

    def _begin(self) -> None:
        """Send the text, and the envelope of a letter that waits behind it."""
        passage = self._under_way
        if not passage.may_begin():
            passage.fail(TransientError("the claim on the mail ended before its turn came"))
        if passage.is_over:
            self.abort()  # without the final dot the server must not deliver what it has
            return
        self._text_is_out = True
        text = _as_data(passage.letter.content)
        following = self._fit(self._depot.next_for(self)) if self._pipelining else None
        if following is None:
            self._wire.say(text, self._after_text)
        else:
            self._following = following
            data = b"".join((text, *_commands(following.letter)))
            self._wire.say(data, self._after_text, *self._after_envelope)

    def _after_text(self, reply: Reply) -> None:
        passage, self._text_is_out = self._under_way, False
        if reply.is_yes:
            passage.arrive()
        else:
            passage.fail(refusal(reply))
        following, self._following = self._following, None
        if following is None:
            self.carry(self._depot.next_for(self))
        else:
            self._carried, following.carrier = following, self

    def _refuse(self, reply: Reply, *, waits_for_text: bool = False) -> None:
        """Make the connection ready for another mail, or give it up, and tell the sender."""
        if reply.code == CLOSING:
            self._on_lost(ConnectionResetError(f"the server closes: {reply.text}"))
            self.abort()
            return
        if waits_for_text:  # it took DATA for no recipient at all (RFC 2920, 3.1)
            self._under_way.fail(refusal(reply))
            self.abort()
        else:
            self._wire.say(b"RSET\r\n", partial(self._after_reset, refusal(reply)))

    def _after_reset(self, error: ShopError, _: Reply) -> None:
        self._under_way.fail(error)
        self.carry(self._depot.next_for(self))

    @property
    def _under_way(self) -> Passage:
        assert self._carried is not None  # noqa: S101 - the server answers what we said
        return self._carried

    def _on_lost(self, why: ConnectionError) -> None:
        unbegun, self._following = self._following, None
        if self._text_is_out:
            self._under_way.fail(why)
        elif self._carried is not None:
            unbegun = self._carried
        self._carried, self._text_is_out = None, False
        self._depot.lost(self, unbegun, why)


def refusal(reply: Reply) -> ShopError:
    """Return the error that a reply other than yes means: only 5xx is for good."""
    kind = PermanentError if reply.code >= 500 else TransientError
    return kind(f"the mail server said {reply.code} {reply.text}")


def _commands(letter: Letter) -> Sequence[bytes]:
    option = "" if letter.recipient.isascii() else " SMTPUTF8"
    return (
        f"MAIL FROM:<{letter.sender}>{option}\r\n".encode(),
        f"RCPT TO:<{letter.recipient}>\r\n".encode(),
        b"DATA\r\n",
    )


def _as_data(content: bytes) -> bytes:
    """Return the text as DATA wants it: leading dots doubled, a lone dot at the end."""
    text = content.replace(b"\r\n.", b"\r\n..")
    return text + (b".\r\n" if text.endswith(b"\r\n") else b"\r\n.\r\n")
