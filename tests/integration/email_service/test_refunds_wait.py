"""A refund mail has no address of its own: it is sent as soon as one is known, and once."""

import asyncio

import asyncpg
import pytest

from services.email.domain import CLAIM_LASTS
from shared.clock import new_id
from shared.errors import AlreadyConsumed, PermanentError, TransientError
from tests.integration.email_service.replicas import Crash, CrashesBefore, Replica
from tests.integration.email_service.test_announcing import is_consumed
from tests.integration.shifted_clock import ShiftedClock
from tests.unit.email_service.mail_server import MailServer
from tests.unit.email_service.stories import ADDRESS, cancelled, confirmed, refunded


def subjects(server: MailServer) -> list[str]:
    return sorted(mail.content.decode().split("\r\n")[2].split()[2] for mail in server.received)


async def test_a_refund_before_its_cancellation_waits_for_the_address(
    replica: Replica, server: MailServer, connection: asyncpg.Connection
) -> None:
    order = new_id()
    refund = refunded(order)
    await replica.mailroom.announce(refund)
    assert await is_consumed(connection, refund)
    assert (await replica.stored(order))["REFUNDED"].recipient is None
    assert not server.received

    await replica.mailroom.announce(cancelled(order))
    assert subjects(server) == ["order", "refund"]
    assert await replica.statuses(order) == {"REFUNDED": "SENT", "CANCELLED": "SENT"}
    assert (await replica.stored(order))["REFUNDED"].recipient == ADDRESS


async def test_a_redelivered_refund_that_waits_changes_nothing(replica: Replica) -> None:
    refund = refunded()
    await replica.mailroom.announce(refund)
    with pytest.raises(AlreadyConsumed):
        await replica.mailroom.announce(refund)


async def test_the_event_that_brought_the_address_answers_for_the_waiting_mail(
    replica: Replica, server: MailServer, connection: asyncpg.Connection
) -> None:
    order = new_id()
    cancellation = cancelled(order)
    await replica.mailroom.announce(refunded(order))
    server.then("TEXT", "250 taken", "451 later")
    with pytest.raises(TransientError):
        await replica.mailroom.announce(cancellation)
    assert not await is_consumed(connection, cancellation)
    assert await replica.statuses(order) == {"REFUNDED": "PENDING", "CANCELLED": "SENT"}
    await replica.mailroom.announce(cancellation)
    assert await replica.statuses(order) == {"REFUNDED": "SENT", "CANCELLED": "SENT"}
    assert len(server.received) == 2


async def test_a_waiting_mail_refused_for_good_is_sent_by_the_replay(
    replica: Replica, server: MailServer
) -> None:
    order = new_id()
    cancellation = cancelled(order)
    await replica.mailroom.announce(refunded(order))
    server.then("TEXT", "250 taken", "550 no")
    with pytest.raises(PermanentError):
        await replica.mailroom.announce(cancellation)
    assert await replica.statuses(order) == {"REFUNDED": "FAILED", "CANCELLED": "SENT"}
    await replica.mailroom.announce(cancellation)
    assert await replica.statuses(order) == {"REFUNDED": "SENT", "CANCELLED": "SENT"}


async def test_a_crash_of_the_one_that_brought_the_address_loses_neither_mail(
    replica: Replica, twin: Replica, server: MailServer, clock: ShiftedClock
) -> None:
    order = new_id()
    cancellation = cancelled(order)
    await replica.mailroom.announce(refunded(order))
    with pytest.raises(Crash):
        await replica.with_mailer(CrashesBefore()).announce(cancellation)
    clock.advance(CLAIM_LASTS)
    await twin.mailroom.announce(cancellation)
    assert subjects(server) == ["order", "refund"]


async def test_two_replicas_that_hear_both_at_once_miss_neither_mail(
    replica: Replica, twin: Replica, server: MailServer
) -> None:
    orders = [new_id() for _ in range(50)]
    await asyncio.gather(
        *(replica.mailroom.announce(refunded(order)) for order in orders),
        *(twin.mailroom.announce(cancelled(order)) for order in orders),
    )
    assert subjects(server) == ["order"] * 50 + ["refund"] * 50
    for order in orders:
        assert await twin.statuses(order) == {"REFUNDED": "SENT", "CANCELLED": "SENT"}


async def test_a_refund_after_the_confirmation_needs_no_cancellation(
    replica: Replica, server: MailServer
) -> None:
    order = new_id()
    await replica.mailroom.announce(confirmed(order))
    await replica.mailroom.announce(refunded(order))
    assert {mail.recipient for mail in server.received} == {ADDRESS}
    assert len(server.received) == 2
