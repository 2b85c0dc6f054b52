"""SIGTERM under load, and while something is away: out in time, with nothing lost or repeated."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from shared.events import OrderPlaced
from shared.settings import ServiceSettings
from tests.eventually import eventually
from tests.integration.shared.conftest import BOTH_WAYS
from tests.integration.shared.shop_floor import Floor
from tests.integration.shared.toy import Toy, placed
from tests.integration.shared.toy_process import ToyProcess, toy_process, way

PATIENCE_S = 8.0
BUYERS = 16
ORDERS = 6000  # more than is done between SIGTERM and the last pull


@asynccontextmanager
async def requests(toy: ToyProcess) -> AsyncIterator[list[int]]:
    """Requests without pause, until the process refuses connections; their statuses.

    A connection that breaks while an answer is awaited fails the test.
    """
    statuses: list[int] = []

    async def keep_asking(name: str) -> None:
        while True:
            try:
                statuses.append((await toy.http.post(f"/count/{name}")).status_code)
            except httpx.ConnectError:  # it listens no more: nothing was sent
                return

    async with asyncio.TaskGroup() as group:
        for number in range(BUYERS):
            group.create_task(keep_asking(f"buyer {number}"))
        yield statuses


@BOTH_WAYS
async def test_sigterm_under_load_loses_and_repeats_nothing(
    floor: Floor, settings: ServiceSettings, tmp_path: Path, together: bool
) -> None:
    async with toy_process(settings, tmp_path / "log", way(together=together)) as first:
        await first.ready()
        async with requests(first) as statuses:
            events = asyncio.create_task(floor.publish(placed(f"c{n % 9}") for n in range(ORDERS)))
            await eventually(lambda: _more_than(floor, 200), within_s=30)
            took = await first.stop()
    assert took < PATIENCE_S
    assert first.process.returncode == 0
    assert set(statuses) == {200}
    assert await floor.unmarked() == 0
    assert 200 < await floor.inbox() < ORDERS  # in the midst
    await events
    asked = len(statuses)
    async with toy_process(settings, tmp_path / "log", way(together=together)) as second:
        await second.ready()
        await eventually(floor.total, ORDERS + asked, within_s=30)
        await eventually(floor.waiting, (0, 0))
        assert await second.metric("shop_consumer_duplicates_total") == 0
        await second.stop()
    assert await floor.said() == ORDERS + asked
    assert await floor.unmarked() == 0
    assert await floor.repeated_deliveries() <= settings.consumer_workers
    assert await floor.dead_letters() == []


async def test_what_arrives_during_the_drain_is_given_back_once(floor: Floor, toy: Toy) -> None:
    started, finish = asyncio.Event(), asyncio.Event()

    async def wait(_event: OrderPlaced) -> None:
        started.set()
        await finish.wait()

    toy.before = wait
    await floor.order("ada")
    await asyncio.wait_for(started.wait(), 5)
    stopping = asyncio.create_task(toy.service.consumer.stop(5))
    await asyncio.sleep(0)
    await floor.order(*(f"late {number}" for number in range(20)))
    finish.set()
    await stopping
    assert toy.heard == ["ada"]
    assert await floor.repeated_deliveries() <= 20
    assert await floor.fetch(20) == 20


@BOTH_WAYS
async def test_what_has_just_arrived_is_finished_or_given_back(floor: Floor, toy: Toy) -> None:
    await floor.order(*(f"c{number}" for number in range(200)))
    await eventually(lambda: _handled(toy, 20))
    await toy.service.consumer.stop(5)
    left = 200 - await floor.inbox()
    assert await floor.fetch(200) == left


@pytest.mark.parametrize("away", ["nats", "postgres", "redis"])
async def test_sigterm_while_a_server_is_away(
    floor: Floor, settings: ServiceSettings, tmp_path: Path, away: str
) -> None:
    async with toy_process(settings, tmp_path / "log") as toy:
        await toy.ready()
        await floor.order("ada", "bob")
        await floor.finished(2)
        await floor.servers.kill(away)
        try:
            took = await toy.stop()
        finally:
            await floor.servers.restart(away)
    assert took < PATIENCE_S


@pytest.mark.parametrize("hung", ["nats", "postgres", "redis"])
async def test_sigterm_while_a_server_hangs_with_work_in_hand(
    floor: Floor, settings: ServiceSettings, tmp_path: Path, hung: str
) -> None:
    async with toy_process(settings, tmp_path / "log") as toy:
        await toy.ready()
        events = asyncio.create_task(floor.order(*(f"c{number}" for number in range(400))))
        await eventually(lambda: _more_than(floor, 20), within_s=30)
        await events
        with floor.suspended(hung):
            took = await toy.stop()
    assert took < PATIENCE_S
    assert await floor.inbox() > 20
    assert await floor.dead_letters() == []


async def _handled(toy: Toy, number: int) -> bool:
    return len(toy.heard) >= number


async def _more_than(floor: Floor, number: int) -> bool:
    return await floor.inbox() > number
