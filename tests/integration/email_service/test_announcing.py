"""One mail for each thing that happens to an order, whatever the mail server says."""

import asyncio

import asyncpg
import pytest

from services.email.domain import message_id_of
from services.email.rendering.words import Notice
from services.email.use_cases import kind_of
from shared.clock import new_id
from shared.errors import AlreadyConsumed, DependencyDown, PermanentError, TransientError
from shared.events import Event
from tests.integration.email_service.replicas import Replica
from tests.unit.email_service.mail_server import HANG_UP, MailServer
from tests.unit.email_service.stories import (
    ADDRESS,
    cancelled,
    confirmed,
    refunded,
    shipped,
)


async def is_consumed(connection: asyncpg.Connection, event: Event) -> bool:
    return bool(
        await connection.fetchval("SELECT 1 FROM inbox WHERE event_id = $1", event.event_id)
    )


def message_ids(server: MailServer) -> list[str]:
    return [
        line.removeprefix("Message-ID: ")
        for mail in server.received
        for line in mail.content.decode().split("\r\n")
        if line.startswith("Message-ID: ")
    ]


async def test_each_event_of_an_order_is_told_in_a_mail_of_its_own(
    replica: Replica, server: MailServer, connection: asyncpg.Connection
) -> None:
    order = new_id()
    events: list[Notice] = [confirmed(order), shipped(order), cancelled(order), refunded(order)]
    for event in events:
        await replica.mailroom.announce(event)
        assert await is_consumed(connection, event)
    assert message_ids(server) == [message_id_of(event.event_id) for event in events]
    assert {mail.recipient for mail in server.received} == {ADDRESS}
    stored = await replica.stored(order)
    assert [stored[kind_of(event)].message_id for event in events] == message_ids(server)
    assert {(mail.status, mail.attempts, mail.recipient) for mail in stored.values()} == {
        ("SENT", 1, ADDRESS)
    }


async def test_a_redelivery_sends_no_second_mail(replica: Replica, server: MailServer) -> None:
    event = confirmed()
    await replica.mailroom.announce(event)
    with pytest.raises(AlreadyConsumed):
        await replica.mailroom.announce(event)
    assert len(server.received) == 1


async def test_a_mail_refused_for_now_is_sent_by_the_redelivery(
    replica: Replica, server: MailServer, connection: asyncpg.Connection
) -> None:
    event = confirmed()
    server.then("RCPT", "450 later")
    server.then("DATA", "503 no recipient")
    with pytest.raises(TransientError, match="450 later"):
        await replica.mailroom.announce(event)
    assert await replica.statuses(event.order_id) == {"CONFIRMED": "PENDING"}
    assert not await is_consumed(connection, event)
    await replica.mailroom.announce(event)
    stored = (await replica.stored(event.order_id))["CONFIRMED"]
    assert (stored.status, stored.attempts, stored.detail) == ("SENT", 2, "")


async def test_a_mail_refused_for_good_has_failed_until_it_is_replayed(
    replica: Replica, server: MailServer, connection: asyncpg.Connection
) -> None:
    event = confirmed()
    server.then("TEXT", "554 no")
    with pytest.raises(PermanentError, match="554 no"):
        await replica.mailroom.announce(event)
    stored = (await replica.stored(event.order_id))["CONFIRMED"]
    assert (stored.status, stored.detail) == ("FAILED", "the mail server said 554 no")
    assert not await is_consumed(connection, event)
    await replica.mailroom.announce(event)
    assert await replica.statuses(event.order_id) == {"CONFIRMED": "SENT"}


async def test_a_lost_answer_brings_a_repeat_with_the_same_message_id(
    replica: Replica, server: MailServer
) -> None:
    event = confirmed()
    server.then("TEXT", HANG_UP)
    with pytest.raises(TransientError, match="lost"):
        await replica.mailroom.announce(event)
    await replica.mailroom.announce(event)
    assert message_ids(server) == 2 * [message_id_of(event.event_id)]
    assert server.received[0].content == server.received[1].content


async def test_an_address_that_no_mail_can_go_to_fails_and_says_so(replica: Replica) -> None:
    event = confirmed(email="rosa@example.org\r\nBcc: thief@example.org")
    with pytest.raises(PermanentError, match="no mail can be sent to"):
        await replica.mailroom.announce(event)
    assert await replica.statuses(event.order_id) == {"CONFIRMED": "FAILED"}


async def test_an_absent_mail_server_is_an_outage_and_no_try(
    replica: Replica, server: MailServer
) -> None:
    event = confirmed()
    server.then("GREETING", HANG_UP)
    with pytest.raises(DependencyDown, match="smtp"):
        await replica.mailroom.announce(event)
    await replica.mailroom.announce(event)
    assert (await replica.stored(event.order_id))["CONFIRMED"].attempts == 1


async def test_many_mails_go_over_few_connections_each_once(
    replica: Replica, twin: Replica, server: MailServer
) -> None:
    events = [confirmed() for _ in range(100)]
    halves = (replica, events[::2]), (twin, events[1::2])
    await asyncio.gather(
        *(half.mailroom.announce(event) for half, told in halves for event in told)
    )
    assert sorted(message_ids(server)) == sorted(message_id_of(event.event_id) for event in events)
    assert server.connections <= 16


async def test_both_replicas_with_the_same_events_send_each_mail_once(
    replica: Replica, twin: Replica, server: MailServer
) -> None:
    events = [confirmed() for _ in range(50)]
    await asyncio.gather(
        *(half.mailroom.announce(event) for event in events for half in (replica, twin)),
        return_exceptions=True,
    )
    assert sorted(message_ids(server)) == sorted(message_id_of(event.event_id) for event in events)


async def test_one_bad_mail_in_a_group_harms_no_neighbour(
    replica: Replica, server: MailServer
) -> None:
    bad = confirmed(email="nobody")
    good = [confirmed() for _ in range(20)]
    outcomes = await asyncio.gather(
        *(replica.mailroom.announce(event) for event in [*good, bad]), return_exceptions=True
    )
    assert outcomes[:-1] == [None] * 20
    assert isinstance(outcomes[-1], PermanentError)
    assert len(server.received) == 20
