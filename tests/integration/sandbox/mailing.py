"""Mails for the sink."""

import smtplib
import socket
from email.message import EmailMessage

from tests.integration.sandbox.running import DEADLINE_S, Running


def letter(
    *, to: str = "c@example.com", subject: str = "Hello", text: str = "Dear you,\n", html: str = ""
) -> EmailMessage:
    mail = EmailMessage()
    mail["From"] = "The Shop <shop@example.com>"
    mail["To"] = to
    mail["Subject"] = subject
    mail["Message-ID"] = f"<{abs(hash((to, subject)))}@shop.example>"
    mail.set_content(text)
    if html:
        mail.add_alternative(html, subtype="html")
    return mail


def connected(mailsink: Running) -> smtplib.SMTP:
    return smtplib.SMTP("127.0.0.1", mailsink.ports["smtp"], timeout=DEADLINE_S)


def send(
    mailsink: Running, *, to: str = "c@example.com", subject: str = "Hello", html: str = ""
) -> EmailMessage:
    mail = letter(to=to, subject=subject, html=html)
    with connected(mailsink) as client:
        client.send_message(mail)
    return mail


class Wire:
    """A bare connection, to say exactly these bytes."""

    def __init__(self, mailsink: Running) -> None:
        address = ("127.0.0.1", mailsink.ports["smtp"])
        self._socket = socket.create_connection(address, timeout=DEADLINE_S)
        self._lines = self._socket.makefile("rb")
        self.line()

    def __enter__(self) -> "Wire":
        self.say(b"EHLO me\r\n")
        while self.line()[3:4] == b"-":
            pass
        return self

    def __exit__(self, *_: object) -> None:
        self._lines.close()
        self._socket.close()

    def say(self, data: bytes) -> None:
        self._socket.sendall(data)

    def line(self) -> bytes:
        return self._lines.readline()

    def codes(self, count: int) -> list[int]:
        return [int(self.line()[:3]) for _ in range(count)]
