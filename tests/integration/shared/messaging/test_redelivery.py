"""The broker delivers at least once: again after an ack that was lost, or that takes too long."""

import asyncio
from collections.abc import Sequence

import pytest

from shared.events import OrderPlaced
from shared.messaging.client import EventClient, EventMsg
from tests.eventually import eventually, until
from tests.integration.shared.conftest import ACK_WAIT_S, BOTH_WAYS, MakeToy
from tests.integration.shared.shop_floor import Floor
from tests.integration.shared.toy import DURABLE, Toy, placed


@pytest.fixture
def lost_acks(monkeypatch: pytest.MonkeyPatch) -> list[EventMsg]:
    """Each message's first ack never leaves."""
    lost: list[EventMsg] = []
    ack = EventMsg.ack

    async def lose(self: EventMsg) -> None:
        if self.metadata.num_delivered > 1:
            await ack(self)
        else:
            lost.append(self)

    def lose_all(self: EventClient, messages: Sequence[EventMsg]) -> None:
        """Those that are handled together come for the first time."""
        lost.extend(messages)
        for message in messages:
            message._ackd = True

    monkeypatch.setattr(EventMsg, "ack", lose)
    monkeypatch.setattr(EventClient, "acknowledge", lose_all)
    return lost


@BOTH_WAYS
@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("redis_knows", [True, False])
async def test_what_comes_again_after_a_lost_ack_counts_once(
    floor: Floor, make_toy: MakeToy, lost_acks: list[EventMsg], redis_knows: bool
) -> None:
    toy = await make_toy()
    await floor.order("ada", "bob")
    await until(lambda: len(lost_acks) >= 2)
    if redis_knows:
        await toy.service.consumer._seen.send()
    else:
        await floor.wipe_redis()
        toy.service.consumer._seen._marks.clear()
    await floor.finished(2)
    assert toy.metric("shop_consumer_duplicates_total") == 2
    assert len(toy.heard) == (2 if redis_knows else 4)


@pytest.mark.usefixtures("impatient")
async def test_what_takes_longer_than_the_ack_wait_is_not_delivered_again(
    floor: Floor, make_toy: MakeToy
) -> None:
    toy = await make_toy()

    async def take_long(_event: OrderPlaced) -> None:
        await asyncio.sleep(2 * ACK_WAIT_S)

    toy.before = take_long
    await floor.order("ada")
    await floor.finished(1)
    assert toy.heard == ["ada"]


@BOTH_WAYS
@pytest.mark.usefixtures("impatient")
async def test_what_a_dead_replica_held_comes_to_another_after_the_ack_wait(
    floor: Floor, make_toy: MakeToy
) -> None:
    dead = await floor.jetstream.pull_subscribe_bind(durable=DURABLE, stream="ORDERS")
    await floor.order("ada")
    assert len(await dead.fetch(1, timeout=5)) == 1
    await make_toy()
    await floor.finished(1)
    assert await floor.repeated_deliveries() == 1


@BOTH_WAYS
async def test_an_event_published_again_under_other_message_ids_counts_once(
    floor: Floor, toy: Toy
) -> None:
    events = [placed(f"c{number}") for number in range(50)]
    await floor.publish(events)
    await floor.publish(reversed(events))
    await eventually(floor.waiting, (0, 0))
    await floor.finished(50)
    assert toy.metric("shop_consumer_duplicates_total") == 50


async def test_slow_events_leave_the_last_place_to_others(floor: Floor, make_toy: MakeToy) -> None:
    """One place is fewer than a pull asks for while more are to be had."""
    toy = await make_toy(consumer_workers=8)
    finish = asyncio.Event()

    async def hold(event: OrderPlaced) -> None:
        if event.customer_id == "slow":
            await finish.wait()

    toy.before = hold
    await floor.order(*["slow"] * 7)
    await until(lambda: len(toy.heard) == 7)
    await floor.order("quick", "quick", "quick")
    await eventually(floor.counters, {"quick": 3})
    finish.set()
    await floor.finished(10)


async def test_a_durable_that_somebody_deleted_is_made_again(floor: Floor, toy: Toy) -> None:
    await floor.order("ada")
    await floor.finished(1)
    await floor.jetstream.delete_consumer("ORDERS", DURABLE)
    await floor.order("bob")
    await eventually(floor.counters, {"ada": 1, "bob": 1})
    await floor.finished(2)
