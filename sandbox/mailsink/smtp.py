"""SMTP (RFC 5321) as lean as a mail sink can have it; nothing of a mail is parsed here.

Why not aiosmtpd: over kept connections, both on uvloop, it costs 430 to 500 µs of CPU for a mail of
2.8 KB; this costs 80 command by command, 60 pipelined, 40 in pipelined batches, with the mail
written to its file. The sink shares two cores with the shop that sends the mails.
"""

import asyncio
import re
from dataclasses import dataclass, field
from typing import cast

import structlog

from sandbox.faults import Faults
from sandbox.mailsink.mailbox import Mailbox
from sandbox.mailsink.trouble import Recipients, Trouble

SIZE_LIMIT = 10 * 1024 * 1024
LINE_LIMIT = 4096
_MAIL = re.compile(rb"MAIL FROM: ?<([^<>]*)>(?:.*\bSIZE=(\d{1,20})\b)?", re.IGNORECASE)
_RCPT = re.compile(rb"RCPT TO: ?<([^<>]+)>", re.IGNORECASE)
_CRLF = b"\r\n"
_END_OF_MAIL = b"\r\n.\r\n"
_EHLO = (
    f"250-mailsink\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n"
    f"250-ENHANCEDSTATUSCODES\r\n250 SIZE {SIZE_LIMIT}\r\n"
).encode()
_OK = b"250 2.0.0 ok\r\n"

_REJECTIONS = {
    Trouble.REJECT_4XX: b"451 4.3.0 in trouble, come again\r\n",
    Trouble.REJECT_5XX: b"554 5.6.0 not wanted\r\n",
}

log = structlog.get_logger()


@dataclass(slots=True)
class _Transaction:
    """What is known of the mail under way."""

    sender: str | None = None
    recipients: list[str] = field(default_factory=list)
    in_mail: bool = False
    too_big: bool = False


class Smtp(asyncio.Protocol):
    """One client's connection, for any number of mails. What it pipelines is answered at once."""

    def __init__(self, mailbox: Mailbox, recipients: Recipients, faults: Faults[Trouble]) -> None:
        self._mailbox = mailbox
        self._policy = recipients
        self._faults = faults
        self._buffer = bytearray()
        self._scanned = 0
        self._greeted = False
        self._over = False
        self._mail = _Transaction()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._transport.write(b"220 mailsink ESMTP\r\n")

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        answers = bytearray()
        while not self._over and (piece := self._next_piece()) is not None:
            answers += self._on_mail(piece) if self._mail.in_mail else self._on_command(piece)
        if answers:
            self._transport.write(answers)
        if self._over:
            self._transport.close()

    def _next_piece(self) -> bytes | None:
        """Take the next whole command, or whole mail, out of what came so far."""
        mark = _END_OF_MAIL if self._mail.in_mail else _CRLF
        end = self._buffer.find(mark, self._scanned)
        if end < 0:
            self._bound()
            self._scanned = max(0, len(self._buffer) - len(mark) + 1)
            return None
        piece = bytes(self._buffer[:end])
        del self._buffer[: end + len(mark)]
        self._scanned = 0
        return piece

    def _bound(self) -> None:
        """Keep memory bounded: let go of a mail that is too big, and of who sends no line ends."""
        if self._mail.in_mail and len(self._buffer) > SIZE_LIMIT:
            self._mail.too_big = True
            del self._buffer[: -len(_END_OF_MAIL)]
        elif not self._mail.in_mail and len(self._buffer) > LINE_LIMIT:
            self._over = True

    def _on_command(self, line: bytes) -> bytes:  # noqa: PLR0911 — one line a command
        match line[:4].upper():
            case b"MAIL":
                return self._on_sender(line)
            case b"RCPT":
                return self._on_recipient(line)
            case b"DATA":
                return self._on_data()
            case b"RSET":
                self._mail = _Transaction()
                return _OK
            case b"NOOP":
                return _OK
            case b"EHLO" | b"HELO" as verb:
                self._mail = _Transaction()
                self._greeted = True
                return _EHLO if verb == b"EHLO" else b"250 mailsink\r\n"
            case b"QUIT":
                self._over = True
                return b"221 2.0.0 bye\r\n"
        return b"500 5.5.1 unknown command\r\n"

    def _on_sender(self, line: bytes) -> bytes:
        if not self._greeted or self._mail.sender is not None:
            return b"503 5.5.1 first EHLO, then one MAIL\r\n"
        match = _MAIL.match(line)
        if match is None:
            return b"501 5.5.4 MAIL FROM:<address>\r\n"
        if int(match[2] or 0) > SIZE_LIMIT:
            return b"552 5.3.4 too big\r\n"
        self._mail.sender = match[1].decode(errors="replace")
        return b"250 2.1.0 sender ok\r\n"

    def _on_recipient(self, line: bytes) -> bytes:
        if self._mail.sender is None:
            return b"503 5.5.1 first MAIL\r\n"
        match = _RCPT.match(line)
        if match is None:
            return b"501 5.5.4 RCPT TO:<address>\r\n"
        address = match[1].decode(errors="replace")
        refusal = self._policy.refusal(address)
        if refusal is None:
            self._mail.recipients.append(address)
        return refusal or b"250 2.1.5 recipient ok\r\n"

    def _on_data(self) -> bytes:
        if self._mail.sender is None:
            return b"503 5.5.1 first MAIL\r\n"
        if not self._mail.recipients:
            return b"554 5.5.1 no valid recipients\r\n"
        self._mail.in_mail = True
        # The line end of DATA counts as one before the mail: a mail may begin with a dot.
        self._buffer[:0] = _CRLF
        return b"354 end with a line of one dot\r\n"

    def _on_mail(self, piece: bytes) -> bytes:
        mail, self._mail = self._mail, _Transaction()
        if mail.too_big or len(piece) > SIZE_LIMIT:
            return b"552 5.3.4 too big\r\n"
        fault = self._faults.strike()
        if fault is not None and fault.mode in _REJECTIONS:
            return _REJECTIONS[fault.mode]
        raw = piece.replace(b"\r\n..", b"\r\n.")[len(_CRLF) :] + _CRLF
        answer = self._stored(raw, mail)
        if fault is None:
            return answer
        # cut_after_data: the mail is kept, but its sender never hears of it.
        self._over = True
        return b""

    def _stored(self, raw: bytes, mail: _Transaction) -> bytes:
        try:
            mail_id = self._mailbox.store(raw, mail.sender or "", mail.recipients)
        except OSError as error:
            log.error("mail.not_stored", error=str(error))  # noqa: TRY400 — a full disk, no bug
            return b"452 4.3.1 no room\r\n"
        return f"250 2.0.0 ok: queued as {mail_id}\r\n".encode()
