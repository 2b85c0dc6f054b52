"""The pool of SMTP connections, against a server that does as it is told."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from services.email.letter import Letter
from services.email.mailer import SmtpMailer
from shared.errors import DependencyDown, PermanentError, TransientError
from tests.eventually import until
from tests.unit.email_service.mail_server import HANG_UP, SILENCE, MailServer

LETTER = Letter(
    "shop@shop.example", "rosa@example.org", b"Subject: tea\r\n\r\n.dot\r\n..dots\r\nend"
)
CONTENT_AS_SENT = b"Subject: tea\r\n\r\n..dot\r\n...dots\r\nend\r\n.\r\n"


def yes() -> bool:
    return True


def no() -> bool:
    return False


@pytest.fixture
async def server() -> AsyncIterator[MailServer]:
    async with MailServer() as server:
        yield server


@pytest.fixture
async def mailer(server: MailServer) -> AsyncIterator[SmtpMailer]:
    async with SmtpMailer("127.0.0.1", server.port, connections=3, deadline_s=2.0) as mailer:
        yield mailer


def impatient(server: MailServer) -> SmtpMailer:
    return SmtpMailer("127.0.0.1", server.port, connections=1, deadline_s=0.2)


async def test_a_letter_arrives_as_it_is_with_its_dots_stuffed(
    server: MailServer, mailer: SmtpMailer
) -> None:
    await mailer.send(LETTER, may_begin=yes)
    [mail] = server.received
    assert (mail.sender, mail.recipient) == ("shop@shop.example", "rosa@example.org")
    assert mail.content == CONTENT_AS_SENT


async def test_a_server_without_pipelining_gets_one_command_at_a_time() -> None:
    async with (
        MailServer(pipelining=False) as server,
        SmtpMailer("127.0.0.1", server.port) as mailer,
    ):
        await mailer.send(LETTER, may_begin=yes)
        server.then("RCPT", "450 later")
        with pytest.raises(TransientError, match="450 later"):
            await mailer.send(LETTER, may_begin=yes)
        await mailer.send(LETTER, may_begin=yes)
    assert len(server.received) == 2
    assert server.connections == 1


async def test_one_connection_carries_many_mails(server: MailServer, mailer: SmtpMailer) -> None:
    for _ in range(5):
        await mailer.send(LETTER, may_begin=yes)
    assert len(server.received) == 5
    assert server.connections == 1


async def test_no_more_mails_are_on_their_way_than_there_are_connections(
    server: MailServer, mailer: SmtpMailer
) -> None:
    await asyncio.gather(*(mailer.send(LETTER, may_begin=yes) for _ in range(20)))
    assert len(server.received) == 20
    assert server.most_open == 3


@pytest.mark.parametrize("verb", ["MAIL", "RCPT", "DATA", "TEXT"])
@pytest.mark.parametrize(
    ("answer", "error"), [("451 later", TransientError), ("550 never", PermanentError)]
)
async def test_a_refusal_is_told_and_harms_no_other_mail(
    server: MailServer, mailer: SmtpMailer, verb: str, answer: str, error: type[Exception]
) -> None:
    server.then(verb, answer)
    with pytest.raises(error, match=answer):
        await mailer.send(LETTER, may_begin=yes)
    assert not server.received
    await mailer.send(LETTER, may_begin=yes)
    assert len(server.received) == 1


async def test_a_refused_recipient_leaves_the_connection_usable(
    server: MailServer, mailer: SmtpMailer
) -> None:
    server.then("RCPT", "550 nobody here")
    server.then("DATA", "503 no recipient")
    with pytest.raises(PermanentError, match="nobody here"):
        await mailer.send(LETTER, may_begin=yes)
    await mailer.send(LETTER, may_begin=yes)
    assert server.connections == 1


async def test_a_recipient_that_the_server_forwards_is_accepted(
    server: MailServer, mailer: SmtpMailer
) -> None:
    server.then("RCPT", "251 will forward")
    await mailer.send(LETTER, may_begin=yes)
    assert len(server.received) == 1


async def test_a_server_that_talks_unasked_is_not_believed(
    server: MailServer, mailer: SmtpMailer
) -> None:
    server.then("TEXT", "250 taken\r\n250 taken")
    with pytest.raises(TransientError, match="lost"):
        await mailer.send(LETTER, may_begin=yes)
    await mailer.send(LETTER, may_begin=yes)
    assert server.connections == 2


async def test_no_server_at_all_is_an_outage() -> None:
    async with MailServer() as server:
        port = server.port
    with pytest.raises(DependencyDown, match="smtp"):
        await SmtpMailer("127.0.0.1", port).send(LETTER, may_begin=yes)


async def test_a_server_that_greets_with_no_is_an_outage(
    server: MailServer, mailer: SmtpMailer
) -> None:
    server.then("GREETING", "554 go away")
    with pytest.raises(DependencyDown, match="go away"):
        await mailer.send(LETTER, may_begin=yes)


async def test_a_server_that_does_not_greet_is_an_outage(server: MailServer) -> None:
    server.then("GREETING", SILENCE)
    with pytest.raises(DependencyDown, match="no connection in time"):
        await impatient(server).send(LETTER, may_begin=yes)


async def test_a_mail_that_gets_no_turn_in_time_meets_an_outage(server: MailServer) -> None:
    async with impatient(server) as mailer:
        await mailer.send(LETTER, may_begin=yes)
        server.hold.clear()
        server.then("GREETING", SILENCE)  # should the second come a moment after the first's end
        first, second = await asyncio.gather(
            mailer.send(LETTER, may_begin=yes),
            mailer.send(LETTER, may_begin=yes),
            return_exceptions=True,
        )
    assert isinstance(first, TransientError)
    assert isinstance(second, DependencyDown)


async def test_a_connection_closed_while_idle_is_replaced(
    server: MailServer, mailer: SmtpMailer
) -> None:
    await mailer.send(LETTER, may_begin=yes)
    await server.hang_up()
    await mailer.send(LETTER, may_begin=yes)
    assert len(server.received) == 2
    assert server.connections == 2


@pytest.mark.parametrize("answer", [HANG_UP, "421 closing"])
async def test_a_connection_lost_before_the_text_is_replaced(
    server: MailServer, mailer: SmtpMailer, answer: str
) -> None:
    await mailer.send(LETTER, may_begin=yes)
    server.then("MAIL", answer)
    await mailer.send(LETTER, may_begin=yes)
    assert len(server.received) == 2
    assert server.connections == 2


async def test_a_connection_lost_after_the_text_is_not_tried_again(
    server: MailServer, mailer: SmtpMailer
) -> None:
    server.then("TEXT", HANG_UP)
    with pytest.raises(TransientError, match="lost"):
        await mailer.send(LETTER, may_begin=yes)
    assert len(server.received) == 1


async def test_silence_after_the_text_ends_with_the_deadline_and_the_connection(
    server: MailServer,
) -> None:
    async with impatient(server) as mailer:
        server.then("TEXT", SILENCE)
        with pytest.raises(TransientError, match="did not answer in time"):
            await mailer.send(LETTER, may_begin=yes)
        await mailer.send(LETTER, may_begin=yes)
    assert server.connections == 2


async def test_a_sender_cut_short_leaves_no_half_mail_to_the_next(
    server: MailServer, mailer: SmtpMailer
) -> None:
    server.hold.clear()
    sending = asyncio.create_task(mailer.send(LETTER, may_begin=yes))
    await until(lambda: "DATA" in server.verbs)
    sending.cancel()
    await asyncio.gather(sending, return_exceptions=True)
    server.hold.set()
    await mailer.send(LETTER, may_begin=yes)
    assert server.received[-1].content == CONTENT_AS_SENT
    assert server.connections == 2


async def test_a_mail_that_may_not_begin_is_not_delivered(
    server: MailServer, mailer: SmtpMailer
) -> None:
    with pytest.raises(TransientError, match="claim"):
        await mailer.send(LETTER, may_begin=no)
    await mailer.send(LETTER, may_begin=yes)
    assert len(server.received) == 1


async def test_an_address_beyond_ascii_needs_a_server_that_takes_it() -> None:
    letter = Letter("shop@shop.example", "zoë@example.org", LETTER.content)
    async with MailServer(utf8=True) as server, SmtpMailer("127.0.0.1", server.port) as mailer:
        await mailer.send(letter, may_begin=yes)
        assert server.received[0].recipient == "zoë@example.org"
    async with MailServer() as server, SmtpMailer("127.0.0.1", server.port) as mailer:
        with pytest.raises(PermanentError, match="ASCII"):
            await mailer.send(letter, may_begin=yes)
        await mailer.send(LETTER, may_begin=yes)
        assert server.connections == 1


async def test_leaving_says_goodbye(server: MailServer) -> None:
    async with SmtpMailer("127.0.0.1", server.port) as mailer:
        await mailer.send(LETTER, may_begin=yes)
    await until(lambda: not server.open_now)
    assert server.verbs[-1] == "QUIT"
