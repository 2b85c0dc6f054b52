"""The stream is shorter than what it acknowledged, or was, until it grew past its former end."""

from collections.abc import AsyncIterator, Iterable
from datetime import timedelta
from uuid import UUID

import pytest
from prometheus_client import CollectorRegistry

from shared.events import OrderPlaced
from shared.events.topology import ORDERS
from shared.messaging import lost_tail, outbox
from shared.messaging.lost_tail import LostTail
from shared.messaging.outbox import Group, message_of
from shared.messaging.topology_setup import ensure_stream
from shared.metrics import RelayMetrics
from shared.persistence.database import Database, KeptConnection
from shared.persistence.writes import Writes
from tests.integration.shared.shop_floor import Floor
from tests.integration.shared.toy import placed

UNPUBLISHED = """
SELECT event_id FROM outbox
WHERE published_at IS NULL AND stream_seq IS NULL ORDER BY event_id
"""


class Shop:
    """Publishes as the relay does, and forgets as a broker that was restored does."""

    def __init__(self, floor: Floor, connection: KeptConnection) -> None:
        self._floor = floor
        self._connection = connection
        self.tail = self.another_tail()

    def another_tail(self) -> LostTail:
        """As another replica has it."""
        metrics = RelayMetrics(CollectorRegistry())
        return LostTail(self._connection, ORDERS.name, lambda: self._floor.jetstream, metrics)

    async def say(self, events: Iterable[OrderPlaced]) -> None:
        messages = [message_of(event) for event in events]
        async with self._connection.transaction() as tx:
            writes = Writes(tx)
            outbox.store(writes, messages)
            await writes.send()
        await self._publish_group(Group.of(messages))

    async def publish_again(self) -> None:
        """As the relay's poll does with what is not marked."""
        async with self._connection.transaction() as tx:
            groups = await outbox.unpublished(tx, timedelta(0), 1000)
        for group in groups:
            await self._publish_group(group)

    async def restore(self, events: Iterable[OrderPlaced]) -> None:
        """The stream is as it was when it had only these."""
        await self._floor.jetstream.delete_stream(ORDERS.name)
        await ensure_stream(self._floor.jetstream, ORDERS)
        for event in events:
            await self._publish(message_of(event))

    async def unpublished(self) -> list[UUID]:
        return [row["event_id"] for row in await self._floor.sql(UNPUBLISHED)]

    async def forget_rows(self) -> None:
        """As the relay does with what was published long ago."""
        await self._floor.sql("DELETE FROM outbox_groups")

    async def _publish_group(self, group: Group) -> None:
        for message in group.messages:
            group.seqs[message.event_id.int] = await self._publish(message)
        async with self._connection.transaction() as tx:
            await outbox.mark(tx, [group])

    async def _publish(self, message: outbox.Message) -> int:
        answer = await self._floor.jetstream.publish(
            message.subject, message.payload, headers={"Nats-Msg-Id": str(message.event_id)}
        )
        return answer.seq


@pytest.fixture
async def shop(floor: Floor) -> AsyncIterator[Shop]:
    database = Database(floor.database_url, application="tail")
    connection = KeptConnection(database.engine)
    await floor.jetstream.delete_stream(ORDERS.name)  # numbers begin with 1
    await ensure_stream(floor.jetstream, ORDERS)
    yield Shop(floor, connection)
    await connection.close()
    await database.close()


async def test_a_stream_that_has_everything_is_left_alone(shop: Shop) -> None:
    await shop.say([placed("ada"), placed("bob")])

    await shop.tail.check()

    assert await shop.unpublished() == []


async def test_what_a_shorter_stream_lacks_is_said_again(shop: Shop) -> None:
    kept, *lost = [placed(name) for name in ("ada", "bob", "cyd")]
    await shop.say([kept, *lost])
    await shop.restore([kept])

    await shop.tail.check()

    assert await shop.unpublished() == [event.event_id for event in lost]


async def test_a_loss_is_noticed_after_the_stream_has_grown_past_its_former_end(
    shop: Shop,
) -> None:
    """The newest that was acknowledged stands: only that places are taken twice tells."""
    kept, *lost = [placed(name) for name in ("ada", "bob", "cyd")]
    await shop.say([kept, *lost])
    await shop.restore([kept])
    await shop.say([placed(name) for name in ("dan", "eve", "fay", "gus")])

    await shop.tail.check()

    unpublished = await shop.unpublished()
    assert {event.event_id for event in lost} <= set(unpublished)
    assert kept.event_id not in unpublished


async def test_what_is_said_again_heals_it(shop: Shop) -> None:
    kept, *others = [placed(name) for name in ("ada", "bob", "cyd", "dan")]
    await shop.say([kept, *others[:2]])
    await shop.restore([kept])
    await shop.say(others[2:])
    await shop.tail.check()

    await shop.publish_again()
    await shop.tail.check()

    assert await shop.unpublished() == []


async def test_a_loss_is_noticed_however_much_was_published_since(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What came since the last look has its places for itself, and covers what was lost."""
    monkeypatch.setattr(lost_tail, "LATE", timedelta(0))
    kept, *lost = [placed(name) for name in ("ada", "bob", "cyd")]
    await shop.say([kept, *lost])
    await shop.tail.check()
    await shop.restore([kept])
    await shop.say([placed(name) for name in ("dan", "eve", "fay", "gus")])

    await shop.tail.check()

    assert {event.event_id for event in lost} <= set(await shop.unpublished())


async def test_what_one_replica_has_mended_the_other_leaves_alone(shop: Shop) -> None:
    others = shop.another_tail()
    kept, lost = placed("ada"), placed("bob")
    await shop.say([kept, lost])
    await shop.tail.check()
    await others.check()
    await shop.restore([kept])
    await shop.tail.check()
    await shop.publish_again()

    await others.check()

    assert await shop.unpublished() == []


async def test_what_is_no_longer_kept_is_not_missed(shop: Shop) -> None:
    await shop.say([placed("ada")])
    await shop.tail.check()
    await shop.forget_rows()
    await shop.restore([])

    await shop.tail.check()

    assert await shop.unpublished() == []
