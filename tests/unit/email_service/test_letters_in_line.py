"""Letters that wait for a connection: they go out behind the text of the mail before."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from services.email import depot
from services.email.letter import Letter
from services.email.mailer import SmtpMailer
from shared.errors import DependencyDown, PermanentError, TransientError
from tests.eventually import until
from tests.unit.email_service.mail_server import HANG_UP, SILENCE, MailServer


@pytest.fixture
async def server() -> AsyncIterator[MailServer]:
    async with MailServer() as server:
        yield server


@pytest.fixture
async def mailer(server: MailServer) -> AsyncIterator[SmtpMailer]:
    async with one_connection(server) as mailer:
        yield mailer


def one_connection(server: MailServer, *, deadline_s: float = 2.0) -> SmtpMailer:
    return SmtpMailer("127.0.0.1", server.port, connections=1, deadline_s=deadline_s)


def letter_to(name: str) -> Letter:
    return Letter("shop@shop.example", f"{name}@example.org", f"Subject: {name}\r\n".encode())


def yes() -> bool:
    return True


def line_up(
    mailer: SmtpMailer, *names: str, may_begin: Callable[[], bool] = yes
) -> list[asyncio.Task[None]]:
    return [
        asyncio.create_task(mailer.send(letter_to(name), may_begin=may_begin)) for name in names
    ]


async def outcomes(*senders: asyncio.Task[None]) -> list[type[BaseException] | None]:
    results = await asyncio.gather(*senders, return_exceptions=True)
    return [None if result is None else type(result) for result in results]


def received(server: MailServer) -> list[str]:
    return [mail.recipient.partition("@")[0] for mail in server.received]


async def behind_a_text(
    server: MailServer, mailer: SmtpMailer, *names: str
) -> list[asyncio.Task[None]]:
    """Bring the server to hold its word on the first text, with the second's envelope behind."""
    server.hold.clear()
    senders = line_up(mailer, *names)
    await until(lambda: server.sent_ahead == 1)
    return senders


async def test_letters_in_line_go_out_behind_the_text_before(
    server: MailServer, mailer: SmtpMailer
) -> None:
    await asyncio.gather(*line_up(mailer, *"abcde"))
    assert received(server) == [*"abcde"]
    assert [mail.content for mail in server.received] == [
        letter_to(name).content + b".\r\n" for name in "abcde"
    ]
    assert (server.connections, server.sent_ahead) == (1, 4)


async def test_a_letter_alone_goes_at_once(server: MailServer, mailer: SmtpMailer) -> None:
    for name in "ab":
        await asyncio.gather(*line_up(mailer, name))
    assert server.sent_ahead == 0


async def test_a_server_without_pipelining_gets_nothing_ahead() -> None:
    async with MailServer(pipelining=False) as server, one_connection(server) as mailer:
        await asyncio.gather(*line_up(mailer, *"abc"))
        assert received(server) == [*"abc"]
        assert server.connections == 1


async def test_a_connection_lost_with_nothing_behind_is_replaced_for_those_in_line() -> None:
    async with MailServer(pipelining=False) as server, one_connection(server) as mailer:
        server.then("TEXT", HANG_UP)
        assert await outcomes(*line_up(mailer, *"abc")) == [TransientError, None, None]
        assert received(server) == [*"abc"]


@pytest.mark.parametrize(
    ("answer", "error"), [("451 later", TransientError), ("554 never", PermanentError)]
)
async def test_a_refused_text_harms_not_the_letter_behind_it(
    server: MailServer, mailer: SmtpMailer, answer: str, error: type[Exception]
) -> None:
    server.then("TEXT", answer)
    assert await outcomes(*line_up(mailer, *"abc")) == [error, None, None]
    assert received(server) == ["b", "c"]
    assert server.connections == 1


async def test_a_refused_envelope_harms_neither_the_text_before_nor_the_letter_behind(
    server: MailServer, mailer: SmtpMailer
) -> None:
    server.then("RCPT", "250 ok", "550 nobody here")
    server.then("DATA", "354 go on", "503 no recipient")
    assert await outcomes(*line_up(mailer, *"abc")) == [None, PermanentError, None]
    assert received(server) == ["a", "c"]
    assert server.connections == 1


async def test_a_server_that_wants_the_text_of_a_refused_letter_gets_none(
    server: MailServer, mailer: SmtpMailer
) -> None:
    server.then("RCPT", "250 ok", "550 nobody here")
    assert await outcomes(*line_up(mailer, *"abc")) == [None, PermanentError, None]
    assert received(server) == ["a", "c"]
    assert server.connections == 2


@pytest.mark.parametrize(
    ("text", "behind"), [(HANG_UP, []), ("421 closing", ["421 closing"]), ("250 ok", [HANG_UP])]
)
async def test_a_connection_lost_at_a_text_keeps_the_letter_behind_it(
    server: MailServer, mailer: SmtpMailer, text: str, behind: list[str]
) -> None:
    server.then("TEXT", text)
    server.then("MAIL", "250 ok", *behind)
    first, *others = await outcomes(*line_up(mailer, *"abc"))
    assert first is (None if text.startswith("250") else TransientError)
    assert others == [None, None]
    assert received(server)[-2:] == ["b", "c"]


async def test_a_letter_lost_twice_before_its_text_is_given_up_and_no_other(
    server: MailServer, mailer: SmtpMailer
) -> None:
    server.then("MAIL", "250 ok", HANG_UP, HANG_UP)
    assert await outcomes(*line_up(mailer, *"abc")) == [None, TransientError, None]
    assert received(server) == ["a", "c"]
    assert server.connections == 3


async def test_a_letter_that_may_no_longer_begin_when_its_turn_comes_is_not_sent(
    server: MailServer, mailer: SmtpMailer
) -> None:
    begun: list[str] = []

    def but_not_again() -> bool:
        begun.append("asked")
        return len(begun) != 2

    senders = line_up(mailer, *"abc", may_begin=but_not_again)
    assert await outcomes(*senders) == [None, TransientError, None]
    assert received(server) == ["a", "c"]


async def test_it_is_asked_whether_a_letter_may_begin_when_its_turn_has_come(
    server: MailServer, mailer: SmtpMailer
) -> None:
    asked: list[int] = []

    def ask() -> bool:
        asked.append(len(server.received))
        return True

    await asyncio.gather(*line_up(mailer, *"abc", may_begin=ask))
    assert asked == [0, 1, 2]


async def test_a_sender_that_leaves_the_line_harms_no_other(
    server: MailServer, mailer: SmtpMailer
) -> None:
    first, second, third, fourth = await behind_a_text(server, mailer, *"abcd")
    second.cancel()
    third.cancel()
    await until(lambda: second.done() and third.done())
    server.hold.set()
    assert await outcomes(first, fourth) == [None, None]
    assert received(server) == ["a", "d"]
    assert server.connections == 2  # the server waited for b's text, and knew nothing of c


async def test_a_sender_cut_short_at_its_text_leaves_the_letter_behind_whole(
    server: MailServer, mailer: SmtpMailer
) -> None:
    first, *others = await behind_a_text(server, mailer, *"abc")
    first.cancel()
    await until(first.done)
    server.hold.set()
    assert await outcomes(*others) == [None, None]
    assert received(server)[-2:] == ["b", "c"]


async def test_a_sender_that_leaves_a_silent_server_makes_way_for_the_next(
    server: MailServer, mailer: SmtpMailer
) -> None:
    server.then("TEXT", SILENCE)
    first, second = line_up(mailer, *"ab")
    await until(lambda: received(server) == ["a"])
    first.cancel()
    assert await outcomes(first, second) == [asyncio.CancelledError, None]


async def test_a_letter_whose_turn_has_come_and_gets_no_answer_is_no_outage(
    server: MailServer,
) -> None:
    server.then("TEXT", "250 taken", SILENCE)
    async with one_connection(server, deadline_s=0.5) as mailer:
        assert await outcomes(*line_up(mailer, *"ab")) == [None, TransientError]
        await asyncio.gather(*line_up(mailer, "c"))
    assert received(server) == ["a", "b", "c"]


async def test_a_lost_letter_that_finds_no_fresh_connection_meets_an_outage(
    server: MailServer,
) -> None:
    server.then("MAIL", HANG_UP)
    server.then("GREETING", "220 ready", SILENCE)
    async with one_connection(server, deadline_s=0.5) as mailer:
        assert await outcomes(*line_up(mailer, "a")) == [DependencyDown]


async def test_silence_at_a_text_is_an_outage_to_the_letter_behind_it(server: MailServer) -> None:
    server.then("TEXT", SILENCE)
    server.then("GREETING", "220 ready", SILENCE)  # whoever comes a moment after the deadline
    async with one_connection(server, deadline_s=0.5) as mailer:
        assert await outcomes(*line_up(mailer, *"ab")) == [TransientError, DependencyDown]
    assert received(server) == ["a"]


async def test_without_a_server_each_letter_in_line_meets_an_outage(
    server: MailServer, mailer: SmtpMailer
) -> None:
    server.then("GREETING", *["554 go away"] * 5)
    assert await outcomes(*line_up(mailer, *"abcde")) == [DependencyDown] * 5
    await asyncio.gather(*line_up(mailer, "f"))
    assert received(server) == ["f"]


async def test_a_letter_that_the_server_cannot_take_makes_way_for_the_next(
    server: MailServer, mailer: SmtpMailer
) -> None:
    assert await outcomes(*line_up(mailer, "a", "zoë", "c")) == [None, PermanentError, None]
    assert received(server) == ["a", "c"]
    assert (server.connections, server.sent_ahead) == (1, 1)


async def test_a_connection_that_has_had_its_time_is_replaced_though_letters_wait(
    server: MailServer, mailer: SmtpMailer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(depot, "AGE_S", 0.0)
    await asyncio.gather(*line_up(mailer, *"abc"))
    assert received(server) == [*"abc"]
    assert (server.connections, server.most_open) == (3, 1)


async def test_a_connection_that_rested_too_long_is_replaced(
    server: MailServer, mailer: SmtpMailer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(depot, "IDLE_S", 0.0)
    for name in "ab":
        await asyncio.gather(*line_up(mailer, name))
    assert received(server) == [*"ab"]
    assert server.connections == 2


async def test_leaving_ends_what_is_still_opening(server: MailServer) -> None:
    server.then("GREETING", SILENCE)
    async with one_connection(server) as mailer:
        [sender] = line_up(mailer, "a")
        await until(lambda: server.connections == 1)
        sender.cancel()
    assert await outcomes(sender) == [asyncio.CancelledError]
    assert "open-smtp" not in {task.get_name() for task in asyncio.all_tasks()}
