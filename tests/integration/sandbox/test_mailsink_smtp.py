"""The sink's SMTP, from a client's side."""

import asyncio
import smtplib
from random import Random
from typing import cast
from uuid import uuid4

import aiosmtplib
import pytest

from sandbox.faults import Fault, Faults
from sandbox.journal import Journal
from sandbox.mailsink.mailbox import Mailbox
from sandbox.mailsink.smtp import Smtp
from sandbox.mailsink.trouble import Recipients, Trouble
from tests.integration.sandbox.mailing import Wire, connected, letter
from tests.integration.sandbox.running import Running

ENVELOPE = b"MAIL FROM:<shop@example.com>\r\nRCPT TO:<c@example.com>\r\nDATA\r\n"


def kept(mailsink: Running) -> list[bytes]:
    """Return the raw mails, oldest first."""
    shown = mailsink.http.get("/api/v1/messages", params={"limit": 0}).json()["messages"]
    return [
        mailsink.http.get(f"/api/v1/message/{one['ID']}/raw").content for one in reversed(shown)
    ]


def switch_on(mailsink: Running, **fault: object) -> None:
    assert mailsink.http.put("/faults", json=fault).status_code == 200


def test_it_offers_what_a_pipelining_client_needs(mailsink: Running) -> None:
    with connected(mailsink) as client:
        client.ehlo()
        assert {"pipelining", "8bitmime", "size", "smtputf8"} <= set(client.esmtp_features)


def test_one_connection_carries_many_mails(mailsink: Running) -> None:
    with connected(mailsink) as client:
        for number in range(5):
            client.send_message(letter(subject=f"mail {number}"))
        client.noop()
        client.rset()
    assert mailsink.http.get("/api/v1/messages").json()["total"] == 5


async def test_aiosmtplib_gets_on_with_it(mailsink: Running) -> None:
    client = aiosmtplib.SMTP(hostname="127.0.0.1", port=mailsink.ports["smtp"], use_tls=False)
    async with client:
        for number in range(3):
            await client.send_message(letter(subject=f"mail {number}"))
    assert len(kept(mailsink)) == 3


def test_a_pipelined_batch_is_answered_in_order(mailsink: Running) -> None:
    with Wire(mailsink) as wire:
        wire.say(ENVELOPE)
        assert wire.codes(3) == [250, 250, 354]
        wire.say(b"one\r\n.\r\n" + ENVELOPE)
        assert wire.codes(4) == [250, 250, 250, 354]
        wire.say(b"two\r\n.\r\nQUIT\r\n")
        assert wire.codes(2) == [250, 221]
        assert wire.line() == b""
    assert kept(mailsink) == [b"one\r\n", b"two\r\n"]


class Heard:
    """A transport that only listens."""

    def __init__(self) -> None:
        self.answers = b""

    def write(self, data: bytes) -> None:
        self.answers += bytes(data)


@pytest.mark.parametrize("size", range(1, 9))
def test_bytes_may_come_in_pieces_of_any_size(size: int) -> None:
    mailbox, heard = Mailbox(Journal()), Heard()
    smtp = Smtp(mailbox, Recipients(), Faults(Fault[Trouble], Random(0)))
    smtp.connection_made(cast("asyncio.BaseTransport", heard))
    said = b"EHLO me\r\n" + (ENVELOPE + b"..a\r\n.b\r\n.\r\n") * 2
    for start in range(0, len(said), size):
        smtp.data_received(said[start : start + size])
    assert heard.answers.count(b"queued as") == 2
    assert [mailbox.opened(entry).raw for entry in mailbox.newest_first()] == [b".a\r\n.b\r\n"] * 2


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        (b"a\r\n..b\r\n...\r\n.\r\n", b"a\r\n.b\r\n..\r\n"),
        (b"..\r\n.\r\n", b".\r\n"),
        (b"a\n.\nb\r\n.\r\n", b"a\n.\nb\r\n"),
        (bytes(range(128, 256)) + b"\r\n.\r\n", bytes(range(128, 256)) + b"\r\n"),
    ],
)
def test_a_mail_is_kept_byte_for_byte(mailsink: Running, said: bytes, meant: bytes) -> None:
    with Wire(mailsink) as wire:
        wire.say(ENVELOPE + said)
        assert wire.codes(4) == [250, 250, 354, 250]
    assert kept(mailsink) == [meant]


@pytest.mark.parametrize(
    ("said", "codes"),
    [
        (b"RCPT TO:<a@b>\r\n", [503]),
        (b"DATA\r\n", [503]),
        (b"MAIL FROM:<a@b>\r\nMAIL FROM:<a@b>\r\n", [250, 503]),
        (b"MAIL FROM:<a@b>\r\nDATA\r\n", [250, 554]),
        (b"MAIL FROM:<a@b>\r\nRSET\r\nRCPT TO:<a@b>\r\n", [250, 250, 503]),
        (b"MAIL TO:<a@b>\r\n", [501]),
        (b"MAIL FROM:<a@b>\r\nRCPT TO:<>\r\n", [250, 501]),
        (b"MAIL FROM:<a@b> SIZE=999999999\r\n", [552]),
        (b"mail from:<> size=10 body=8bitmime\r\nrcpt to:<a@b>\r\n", [250, 250]),
        (b"EXPN all\r\nNOOP\r\n", [500, 250]),
    ],
)
def test_commands_have_their_order(mailsink: Running, said: bytes, codes: list[int]) -> None:
    with Wire(mailsink) as wire:
        wire.say(said)
        assert wire.codes(len(codes)) == codes


def test_a_mail_that_is_too_big_is_refused_and_the_next_one_taken(mailsink: Running) -> None:
    with Wire(mailsink) as wire:
        wire.say(ENVELOPE)
        assert wire.codes(3) == [250, 250, 354]
        for _ in range(11):
            wire.say(b"x" * 1024 * 1024)
        wire.say(b"\r\n.\r\n" + ENVELOPE + b"small\r\n.\r\n")
        assert wire.codes(5) == [552, 250, 250, 354, 250]
    assert kept(mailsink) == [b"small\r\n"]


def test_a_line_without_end_ends_the_connection(mailsink: Running) -> None:
    with Wire(mailsink) as wire:
        wire.say(b"x" * 5000)
        assert wire.line() == b""


def test_a_bouncing_recipient_is_refused_for_ever(mailsink: Running) -> None:
    with connected(mailsink) as client:
        for _ in range(2):
            with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
                client.send_message(letter(to="c+bounce@example.com"))
            assert refused.value.recipients["c+bounce@example.com"][0] == 550
    assert kept(mailsink) == []


def test_a_greylisted_recipient_is_taken_the_second_time(mailsink: Running) -> None:
    to = f"{uuid4()}+greylist@example.com"
    with connected(mailsink) as client:
        with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
            client.send_message(letter(to=to))
        assert refused.value.recipients[to][0] == 450
        client.send_message(letter(to=to))
    assert len(kept(mailsink)) == 1


def test_a_cut_after_data_keeps_the_mail_and_loses_the_answer(mailsink: Running) -> None:
    switch_on(mailsink, mode="cut_after_data", count=1)
    with connected(mailsink) as client, pytest.raises(smtplib.SMTPServerDisconnected):
        client.send_message(letter())
    with connected(mailsink) as client:
        client.send_message(letter())
    shown = mailsink.http.get("/api/v1/messages").json()["messages"]
    assert len(shown) == 2
    assert len({one["MessageID"] for one in shown}) == 1


@pytest.mark.parametrize(("mode", "code"), [("reject_4xx", 451), ("reject_5xx", 554)])
def test_a_rejection_keeps_nothing(mailsink: Running, mode: str, code: int) -> None:
    switch_on(mailsink, mode=mode, count=1)
    with connected(mailsink) as client:
        with pytest.raises(smtplib.SMTPDataError) as refused:
            client.send_message(letter())
        assert refused.value.smtp_code == code
        client.send_message(letter())
    assert len(kept(mailsink)) == 1
    assert mailsink.http.get("/faults").json()["injected"][mode] == 1
