"""Servers die under load and come back: nothing is lost, nothing has an effect twice."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from nats.errors import Error as NatsError

from shared.clock import new_id
from shared.errors import DependencyDown
from shared.events import OrderPlaced
from tests.eventually import until
from tests.integration.shared.conftest import BOTH_WAYS, MakeToy
from tests.integration.shared.shop_floor import Floor
from tests.integration.shared.toy import Toy, placed


@dataclass
class Load:
    orders: int = 0

    async def reaches(self, orders: int) -> None:
        await until(lambda: self.orders >= orders)


@asynccontextmanager
async def load(floor: Floor) -> AsyncIterator[Load]:
    """Orders, one after the other, each published until the broker has it; counted."""
    load, stop = Load(), asyncio.Event()

    async def keep_ordering() -> None:
        while not stop.is_set():
            event = placed(f"customer {load.orders % 7}")
            headers = {"Nats-Msg-Id": str(new_id())}
            while True:
                try:
                    await floor.jetstream.publish(
                        event.subject, event.to_bytes(), timeout=0.5, headers=headers
                    )
                    break
                except (NatsError, TimeoutError):  # the broker is away: a pause, and again
                    await asyncio.sleep(0.02)
            load.orders += 1

    task = asyncio.create_task(keep_ordering())
    try:
        yield load
    finally:
        stop.set()
        await asyncio.wait_for(task, 10)


@BOTH_WAYS
async def test_nats_is_killed_under_load(floor: Floor, toy: Toy) -> None:
    async with load(floor) as placing:
        for orders in (100, 200):
            await placing.reaches(orders)
            await floor.servers.kill("nats")
            await floor.servers.restart("nats")
    await floor.finished(placing.orders)


@BOTH_WAYS
async def test_postgres_is_killed_under_load(floor: Floor, toy: Toy) -> None:
    async with load(floor) as placing:
        await placing.reaches(100)
        await floor.servers.kill("postgres")
        await placing.reaches(200)
        await floor.servers.restart("postgres")
    await floor.finished(placing.orders)
    assert toy.metric("shop_consumer_failed_total") == 0
    assert await floor.repeated_deliveries() == 0


async def test_an_outage_pauses_the_consumer(floor: Floor, make_toy: MakeToy) -> None:
    """What is in hand stays there, no more is asked for, and no delivery is burnt."""
    toy = await make_toy(consumer_workers=5, max_deliveries=1)
    away = asyncio.Event()

    async def check(_event: OrderPlaced) -> None:
        if not away.is_set():
            raise DependencyDown("postgres")

    toy.before = check
    await floor.order(*(f"c{number}" for number in range(30)))
    await until(lambda: len(toy.heard) > 15)  # each in hand was tried again
    assert await floor.waiting() == (25, 5)
    away.set()
    await floor.finished(30)
    assert await floor.repeated_deliveries() == 0


@BOTH_WAYS
async def test_a_full_queue_is_waited_for_and_burns_no_deliveries(
    floor: Floor, make_toy: MakeToy
) -> None:
    toy = await make_toy(group_queue=3, max_deliveries=1)
    await floor.order(*(f"c{number}" for number in range(100)))
    await floor.finished(100)
    assert await floor.repeated_deliveries() == 0
    assert toy.metric("shop_consumer_dead_lettered_total") == 0


@BOTH_WAYS
async def test_redis_is_killed_and_wiped_under_load(floor: Floor, make_toy: MakeToy) -> None:
    for _ in range(2):
        await make_toy()
    async with load(floor) as placing:
        await placing.reaches(100)
        await floor.servers.kill("redis")
        await placing.reaches(300)
        await floor.servers.restart("redis")
        await floor.wipe_redis()
        await placing.reaches(400)
    await floor.finished(placing.orders)
