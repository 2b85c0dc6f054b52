"""What a process that dies or freezes leaves behind is finished by the next, and not twice."""

import asyncio

import asyncpg
import pytest

from services.email.domain import CLAIM_LASTS, STALE_AFTER, BeingSent, message_id_of
from shared.errors import AlreadyConsumed, DependencyDown, TransientError
from shared.persistence.group_commit import GroupCommit
from tests.eventually import eventually
from tests.integration.email_service.replicas import (
    Crash,
    CrashesAfter,
    CrashesBefore,
    Freezes,
    Replica,
)
from tests.integration.email_service.test_announcing import is_consumed, message_ids
from tests.integration.shifted_clock import ShiftedClock
from tests.unit.email_service.mail_server import MailServer
from tests.unit.email_service.stories import confirmed


async def test_a_crash_before_the_mail_costs_the_rest_of_the_claim_and_no_mail(
    replica: Replica, twin: Replica, server: MailServer, clock: ShiftedClock
) -> None:
    event = confirmed()
    with pytest.raises(Crash):
        await replica.with_mailer(CrashesBefore()).announce(event)
    with pytest.raises(BeingSent):
        await twin.mailroom.announce(event)
    clock.advance(CLAIM_LASTS)
    await twin.mailroom.announce(event)
    assert len(server.received) == 1
    assert await twin.statuses(event.order_id) == {"CONFIRMED": "SENT"}


async def test_a_crash_before_the_mail_without_a_redelivery_is_swept_up(
    replica: Replica,
    twin: Replica,
    server: MailServer,
    clock: ShiftedClock,
    connection: asyncpg.Connection,
) -> None:
    event = confirmed()
    with pytest.raises(Crash):
        await replica.with_mailer(CrashesBefore()).announce(event)
    await twin.sweeper.run()
    assert not server.received
    clock.advance(STALE_AFTER)
    await asyncio.gather(twin.sweeper.run(), replica.sweeper.run())
    assert message_ids(server) == [message_id_of(event.event_id)]
    await twin.mailroom.announce(event)
    assert await is_consumed(connection, event)
    assert len(server.received) == 1


async def test_a_crash_after_the_mail_repeats_it_with_the_same_message_id(
    replica: Replica, twin: Replica, server: MailServer, clock: ShiftedClock
) -> None:
    event = confirmed()
    with pytest.raises(Crash):
        await replica.with_mailer(CrashesAfter(replica.mailroom.mailer)).announce(event)
    clock.advance(CLAIM_LASTS)
    await twin.mailroom.announce(event)
    assert message_ids(server) == 2 * [message_id_of(event.event_id)]


async def test_a_zombie_that_outlived_its_claim_sends_nothing(
    replica: Replica, twin: Replica, server: MailServer, clock: ShiftedClock
) -> None:
    event = confirmed()
    mailroom = replica.with_mailer(
        Freezes(replica.mailroom.mailer, meanwhile=lambda: clock.advance(CLAIM_LASTS))
    )
    with pytest.raises(TransientError, match="claim"):
        await mailroom.announce(event)
    assert not server.received
    await twin.mailroom.announce(event)
    assert len(server.received) == 1


async def test_a_zombie_that_wakes_after_its_successor_changes_nothing(
    replica: Replica, twin: Replica, server: MailServer, clock: ShiftedClock
) -> None:
    event, woken = confirmed(), asyncio.Event()

    class Stopped:
        async def send(self, *_: object, **__: object) -> None:
            await woken.wait()
            raise TransientError("the connection was lost while it slept")

    asleep = asyncio.create_task(replica.with_mailer(Stopped()).announce(event))
    await eventually(lambda: replica.statuses(event.order_id), {"CONFIRMED": "PENDING"})
    clock.advance(CLAIM_LASTS)
    await twin.mailroom.announce(event)
    woken.set()
    with pytest.raises(TransientError, match="slept"):
        await asleep
    stored = (await twin.stored(event.order_id))["CONFIRMED"]
    assert (stored.status, stored.attempts, stored.detail) == ("SENT", 1, "")
    with pytest.raises(AlreadyConsumed):
        await replica.mailroom.announce(event)


async def test_postgres_away_after_the_mail_does_not_send_it_again(
    replica: Replica, server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    event, real_run, runs = confirmed(), GroupCommit.run, iter(range(100))

    async def away_three_times(self, work):  # type: ignore[no-untyped-def]  # as the original
        if next(runs) in (1, 2, 3):
            raise DependencyDown("postgres")
        return await real_run(self, work)

    monkeypatch.setattr(GroupCommit, "run", away_three_times)
    await replica.mailroom.announce(event)
    assert len(server.received) == 1
    assert await replica.statuses(event.order_id) == {"CONFIRMED": "SENT"}
    with pytest.raises(AlreadyConsumed):
        await replica.mailroom.announce(event)
