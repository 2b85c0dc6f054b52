"""The relay: whatever was committed is published, whoever published or marked it before."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from shared.errors import DependencyDown
from shared.messaging import outbox, relay
from shared.messaging.client import EventClient
from shared.messaging.outbox import Group, Message, message_of
from shared.messaging.publisher import PipelinedPublisher
from shared.messaging.relay import Relay
from shared.metrics import Metrics
from shared.persistence.database import Database, KeptConnection
from shared.persistence.writes import Writes
from tests.eventually import eventually, until
from tests.integration.shared.shop_floor import Floor
from tests.integration.shared.toy import placed, said_of


@pytest.fixture
async def connection(floor: Floor) -> AsyncIterator[EventClient]:
    connection = EventClient()
    await connection.connect(floor.servers.nats_url)
    yield connection
    await connection.close()


def relay_on(
    database: Database,
    *,
    keep: timedelta = timedelta(hours=1),
    metrics: Metrics | None = None,
) -> Relay:
    return Relay(
        KeptConnection(database.engine, synchronous_commit=False),
        metrics=(metrics or Metrics()).relay,
        keep_outbox=keep,
        keep_inbox=keep,
    )


async def stored(database: Database, number: int, *, age_s: float = 0) -> list[Message]:
    """Messages in the outbox, as a commit leaves them there."""
    messages = [message_of(said_of(placed("ada"))) for _ in range(number)]
    await store(database, messages, age_s=age_s)
    return messages


async def store(database: Database, messages: list[Message], *, age_s: float = 0) -> None:
    kept = KeptConnection(database.engine)
    async with kept.transaction() as tx:
        writes = Writes(tx)
        outbox.store(writes, messages)
        await writes.send()
        await tx.execute("UPDATE outbox_groups SET created_at = now() - $1 * interval '1 s'", age_s)
    await kept.close()


async def test_what_is_handed_over_is_published_and_marked_with_its_number(
    floor: Floor, database: Database, connection: EventClient
) -> None:
    messages = await stored(database, 100)
    metrics = Metrics()
    running = relay_on(database, metrics=metrics)
    await running.start(connection)
    running.hand_over(messages)
    await running.stop(5)
    assert metrics.registry.get_sample_value("shop_relay_published_total") == 100
    rows = await floor.sql("SELECT event_id, stream_seq FROM outbox WHERE published_at IS NOT NULL")
    assert len(rows) == 100
    for row in rows[:5]:
        message = await floor.jetstream.get_msg("ORDERS", row["stream_seq"])
        assert message.headers
        assert message.headers["Nats-Msg-Id"] == str(row["event_id"])


async def test_the_backlog_is_what_was_written_and_not_published(
    floor: Floor, database: Database, connection: EventClient
) -> None:
    metrics = Metrics()

    def told(name: str) -> float:
        return metrics.registry.get_sample_value(name) or 0.0

    running = relay_on(database, metrics=metrics)
    await stored(database, 3)
    await stored(database, 4, age_s=7)
    await running.measure_backlog()
    assert told("shop_relay_pending") == 7
    assert 7 <= told("shop_relay_oldest_age_seconds") < 60

    await running.start(connection)
    await eventually(floor.unmarked, 0)
    await running.measure_backlog()
    assert (told("shop_relay_pending"), told("shop_relay_oldest_age_seconds")) == (0, 0)
    await running.stop(5)


async def test_what_an_earlier_process_left_is_found_at_the_start(
    floor: Floor, database: Database, connection: EventClient
) -> None:
    for _ in range(5):
        await stored(database, 500)
    running = relay_on(database)
    await running.start(connection)
    await eventually(floor.said, 2500)
    await eventually(floor.unmarked, 0)
    await running.stop(5)


async def test_a_stream_that_was_away_gets_everything_later(
    floor: Floor, database: Database, connection: EventClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "POLL_EVERY_S", 0.1)
    monkeypatch.setattr(relay, "POLL_GRACE", timedelta(0))
    await floor.jetstream.delete_stream("ORDERS")
    running = relay_on(database)
    await running.start(connection)
    running.hand_over(await stored(database, 20))
    await until(lambda: not running._unpublished)
    await floor.make_streams()
    await eventually(floor.said, 20)
    await eventually(floor.unmarked, 0)
    await running.stop(5)


async def test_only_what_the_broker_refused_is_said_again(
    floor: Floor, database: Database, connection: EventClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "POLL_EVERY_S", 0.05)
    monkeypatch.setattr(relay, "POLL_GRACE", timedelta(0))
    said: Counter[str] = Counter()
    publish = PipelinedPublisher.publish

    async def counted(self: PipelinedPublisher, message: Message) -> None:
        said[message.subject] += 1
        await publish(self, message)

    monkeypatch.setattr(PipelinedPublisher, "publish", counted)
    of_no_stream = replace(message_of(said_of(placed("ada"))), subject="nowhere.said")
    group = [of_no_stream, *(message_of(said_of(placed("bob"))) for _ in range(9))]
    await store(database, group)
    running = relay_on(database)
    await running.start(connection)
    running.hand_over(group)
    await until(lambda: said["nowhere.said"] > 3)
    assert said["orders.shipped"] == 9
    assert await floor.unmarked() == 10

    await floor.jetstream.add_stream(name="NOWHERE", subjects=["nowhere.*"])
    await eventually(floor.unmarked, 0)
    await running.stop(5)
    await floor.jetstream.delete_stream("NOWHERE")
    assert said["orders.shipped"] == 9
    rows = await floor.sql("SELECT event_id, stream_seq FROM outbox WHERE stream_seq > 1")
    for row in rows:
        message = await floor.jetstream.get_msg("ORDERS", row["stream_seq"])
        assert message.headers
        assert message.headers["Nats-Msg-Id"] == str(row["event_id"])
    assert len(rows) >= 8


async def test_a_look_takes_whole_groups_and_no_more_than_it_must(database: Database) -> None:
    groups = [await stored(database, number) for number in (3, 4, 5)]
    kept = KeptConnection(database.engine)
    async with kept.transaction() as tx:
        looks = [await outbox.unpublished(tx, timedelta(0), limit) for limit in (1, 4, 7, 8)]
    await kept.close()
    stored_ids = [[it.event_id for it in group] for group in groups]
    for look, whole in zip(looks, (1, 2, 2, 3), strict=True):
        assert [[it.event_id for it in group.messages] for group in look] == stored_ids[:whole]


async def test_marks_that_the_end_interrupts_are_written_nevertheless(
    floor: Floor, database: Database, connection: EventClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    marking, mark = asyncio.Event(), outbox.mark

    async def hang_once(*arguments: object) -> None:
        if marking.is_set():
            await mark(*arguments)  # type: ignore[arg-type]  # as they came
            return
        marking.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(outbox, "mark", hang_once)
    running = relay_on(database)
    await running.start(connection)
    running.hand_over(await stored(database, 10))
    await asyncio.wait_for(marking.wait(), 5)
    await running.stop(5)
    assert await floor.unmarked() == 0


@pytest.mark.parametrize("error", [DependencyDown("postgres"), RuntimeError("a bug")])
async def test_marks_and_looks_go_on_after_a_failure(
    floor: Floor,
    database: Database,
    connection: EventClient,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
) -> None:
    monkeypatch.setattr(relay, "POLL_EVERY_S", 0.05)
    for name in ("mark", "unpublished"):
        monkeypatch.setattr(outbox, name, _fails_once(getattr(outbox, name), error))
    running = relay_on(database)
    await running.start(connection)
    running.hand_over(await stored(database, 10))
    await eventually(floor.unmarked, 0)
    await stored(database, 10, age_s=60)  # nobody hands these over
    await eventually(floor.said, 20)
    await running.stop(5)


async def test_a_backlog_in_flight_is_not_looked_for_without_pause(
    floor: Floor, database: Database, connection: EventClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "POLL_GRACE", timedelta(0))
    looks, look = [0], outbox.unpublished

    async def counted(*arguments: object) -> list[Group]:
        looks[0] += 1
        return await look(*arguments)  # type: ignore[arg-type]  # as they came

    monkeypatch.setattr(outbox, "unpublished", counted)
    for _ in range(6):
        await stored(database, 500)
    running = relay_on(database)
    await running.start(connection)
    await eventually(floor.unmarked, 0)
    await running.stop(5)
    assert looks[0] <= 15


async def test_what_is_old_is_pruned_and_what_is_not_published_stays(
    floor: Floor, database: Database, connection: EventClient
) -> None:
    running = relay_on(database, keep=timedelta(seconds=-5))  # all is old
    await running.start(connection)
    running.hand_over(await stored(database, 10))
    await floor.sql("INSERT INTO inbox (event_id, subject) SELECT uuidv7(), 'x'")
    await eventually(floor.unmarked, 0)
    await running.stop(5)
    (left,) = await stored(database, 1)
    await floor.sql(
        "UPDATE outbox_groups SET published_at = NULL WHERE group_id = $1", left.event_id
    )
    await running._prune()
    await running._connection.close()
    assert [row[0] for row in await floor.sql("SELECT event_id FROM outbox")] == [left.event_id]
    assert await floor.inbox() == 0


async def test_a_stop_with_the_broker_away_does_not_wait(floor: Floor, database: Database) -> None:
    gone = EventClient()
    await gone.connect(floor.servers.nats_url)
    running = relay_on(database)
    await running.start(gone)
    await gone.close()
    running.hand_over(await stored(database, 10))
    async with asyncio.timeout(2):
        await running.stop(5)
    assert await floor.unmarked() == 10


async def test_a_reconnect_before_the_start_does_no_harm(database: Database) -> None:
    relay_on(database).reconnected()


def _fails_once(real, error: Exception):  # type: ignore[no-untyped-def]  # whatever it takes
    failures = [error]

    async def failing(*arguments: object) -> object:
        if failures:
            raise failures.pop()
        return await real(*arguments)

    return failing
