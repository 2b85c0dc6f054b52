"""A pull that is in no hurry: few, large batches, and nothing is left behind."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from shared.messaging.client import EventClient, EventMsg
from shared.messaging.gathering_pull import GatheringPull
from shared.messaging.pull import ContinuousPull
from shared.messaging.topology_setup import ensure_consumer
from tests.eventually import eventually, until
from tests.integration.shared.shop_floor import Floor
from tests.integration.shared.toy import SUBSCRIPTION

LINGER_S = 0.2
CAPACITY = 40


class Gathered:
    """What the pull handed over, batch by batch; each is settled at once, unless told to hold."""

    def __init__(self) -> None:
        self.batches: list[int] = []
        self.hold = asyncio.Event()
        self.hold.set()
        self.pull: ContinuousPull

    async def take(self, batch: list[EventMsg]) -> None:
        self.batches.append(len(batch))
        await self.hold.wait()
        for msg in batch:
            await msg.ack()
        self.pull.release(batch)

    @property
    def total(self) -> int:
        return sum(self.batches)


@pytest.fixture
async def gathered(floor: Floor) -> AsyncIterator[Gathered]:
    client, gathered = EventClient(), Gathered()
    await client.connect(floor.servers.nats_url)
    gathered.pull = GatheringPull(
        SUBSCRIPTION,
        gathered.take,
        capacity=CAPACITY,
        ensure=lambda: ensure_consumer(floor.jetstream, SUBSCRIPTION),
        ack_wait_s=10,
        linger_s=LINGER_S,
    )
    await gathered.pull.start(client)
    yield gathered
    await gathered.pull.stop(1)
    await client.close()


async def test_what_comes_in_a_little_while_comes_as_one(floor: Floor, gathered: Gathered) -> None:
    await floor.order(*(f"c{number}" for number in range(30)))
    await eventually(lambda: _total(gathered), 30)
    assert gathered.batches == [30]
    await floor.order("late")
    await eventually(lambda: _total(gathered), 31)
    await eventually(floor.waiting, (0, 0))


async def test_more_than_fits_comes_at_once_after_it(floor: Floor, gathered: Gathered) -> None:
    """Only the first of them is waited for: a stream that is behind is not gathered from."""
    began = asyncio.get_running_loop().time()
    await floor.order(*(f"c{number}" for number in range(10 * CAPACITY)))
    await eventually(lambda: _total(gathered), 10 * CAPACITY, within_s=10)
    took = asyncio.get_running_loop().time() - began
    assert max(gathered.batches) <= CAPACITY
    assert took < 10 * LINGER_S
    await eventually(floor.waiting, (0, 0))


async def test_no_more_than_its_capacity_is_in_hand(floor: Floor, gathered: Gathered) -> None:
    gathered.hold.clear()
    await floor.order(*(f"c{number}" for number in range(3 * CAPACITY)))
    await eventually(floor.waiting, (2 * CAPACITY, CAPACITY))
    gathered.hold.set()
    await eventually(floor.waiting, (0, 0))
    assert gathered.total == 3 * CAPACITY


async def test_what_was_gathered_when_it_stops_is_handed_over(
    floor: Floor, gathered: Gathered
) -> None:
    await floor.order("ada")
    await until(lambda: gathered.pull._arrived)  # the scout is there, its linger goes on
    await gathered.pull.stop(1)
    assert gathered.total == 1
    await eventually(floor.waiting, (0, 0))


async def test_it_goes_on_after_an_outage(floor: Floor, gathered: Gathered) -> None:
    await floor.servers.kill("nats")
    await floor.servers.restart("nats")
    await until(lambda: gathered.pull._connection.is_connected)
    gathered.pull.reconnected()
    await floor.order("ada", "bob")
    await eventually(floor.waiting, (0, 0))
    assert gathered.total == 2


async def _total(gathered: Gathered) -> int:
    return gathered.total
