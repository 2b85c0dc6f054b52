"""Orders' events decided on a real Postgres, by one replica and by two."""

import asyncio
import random
from collections.abc import Callable
from datetime import timedelta

import asyncpg
import pytest

from services.inventory.domain import ReservationNotFound
from services.inventory.expiry import Expiry
from services.inventory.use_cases import Commits
from shared.clock import new_id
from shared.errors import AlreadyConsumed
from shared.events import CancelReason, Event, OrderPlaced
from shared.persistence.database import Database
from tests.integration.inventory.running import fresh, real_order
from tests.integration.inventory.warehouse import (
    hear,
    replica,
    said,
    said_types,
    states,
    stock,
    stock_up,
    unaccounted,
)
from tests.unit.inventory.stories import HOUR, NOON, cancelled, confirmed

FATES: tuple[tuple[Callable[[OrderPlaced], Event], ...], ...] = (
    (),
    (confirmed,),
    (cancelled,),
    (confirmed, cancelled),
)
GRACE = timedelta(seconds=60)


async def run_out(database: Database, commits: Commits, *, after: timedelta) -> None:
    await Expiry(database, commits, grace=GRACE, clock=lambda: NOON + after, new_id=new_id).run()


async def hear_all(commits: Commits, events: list[Event]) -> list[Exception]:
    """Handle events at once; return what was raised."""
    results = await asyncio.gather(
        *(hear(commits, event) for event in events), return_exceptions=True
    )
    return [result for result in results if isinstance(result, Exception)]


async def test_two_hundred_buyers_of_ten_pieces_get_ten(
    database: Database, connection: asyncpg.Connection
) -> None:
    async with replica(database) as one:
        await stock_up(one, mug=10)
        orders: list[Event] = [real_order(("mug", 1)) for _ in range(200)]
        assert await hear_all(one, orders) == []
    assert await stock(connection, "mug") == (0, 10, 0)
    types = await said_types(connection)
    assert (types.count("StockReserved"), types.count("StockRejected")) == (10, 190)
    assert await connection.fetchval("SELECT count(DISTINCT xmin::text) FROM outbox_groups") <= 6


async def test_two_replicas_sell_no_piece_twice(
    database: Database, connection: asyncpg.Connection
) -> None:
    orders: list[Event] = [
        real_order(*random.sample([("mug", 1), ("cup", 2), ("pot", 1)], 3)) for _ in range(200)
    ]
    async with replica(database) as one, replica(database) as other:
        await stock_up(one, mug=10, cup=30, pot=100)
        await asyncio.gather(hear_all(one, orders[:100]), hear_all(other, orders[100:]))
    assert await stock(connection, "mug") == (0, 10, 0)
    assert await stock(connection, "cup") == (10, 20, 0)
    assert await unaccounted(connection) == []


async def test_an_event_that_comes_again_is_recognised(
    database: Database, connection: asyncpg.Connection
) -> None:
    async with replica(database) as one, replica(database) as other:
        await stock_up(one, mug=10)
        order = real_order(("mug", 3))
        raised = await asyncio.gather(hear_all(one, [order] * 5), hear_all(other, [order] * 5))
    assert [type(error) for errors in raised for error in errors] == [AlreadyConsumed] * 9
    assert await stock(connection, "mug") == (7, 3, 0)
    assert await said_types(connection) == ["StockReserved"]


async def test_an_order_from_placed_to_confirmed_to_cancelled(
    database: Database, connection: asyncpg.Connection
) -> None:
    order = real_order(("mug", 1), ("mug", 2), ("cup", 1))
    async with replica(database) as one:
        await stock_up(one, mug=10, cup=1)
        await hear(one, order)
        assert await stock(connection, "mug") == (7, 3, 0)
        await hear(one, fresh(confirmed(order)))
        assert await stock(connection, "mug") == (7, 0, 3)
        await hear(one, fresh(cancelled(order)))
    assert await stock(connection, "mug") == (10, 0, 0)
    assert await stock(connection, "cup") == (1, 0, 0)
    reserved, released = await said(connection)
    assert [item["quantity"] for item in reserved["items"]] == [1, 2, 1]
    assert released["reservation_id"] == reserved["reservation_id"]
    assert released["reason"] == "CUSTOMER_REQUEST"
    assert released["correlation_id"] == str(order.correlation_id)


async def test_an_order_cancelled_before_it_was_heard_of_reserves_nothing(
    database: Database, connection: asyncpg.Connection
) -> None:
    order = real_order(("mug", 3))
    async with replica(database) as one:
        await stock_up(one, mug=10)
        await hear(one, fresh(cancelled(order)))
        await hear(one, order)
    assert await stock(connection, "mug") == (10, 0, 0)
    assert await said(connection) == []
    assert await states(connection) == ["RELEASED"]


async def test_placing_and_cancelling_at_once_on_two_replicas_leave_nothing_held(
    database: Database, connection: asyncpg.Connection
) -> None:
    orders = [real_order(("mug", 1)) for _ in range(100)]
    async with replica(database) as one, replica(database) as other:
        await stock_up(one, mug=100)
        for order in orders:
            raised = await asyncio.gather(
                hear_all(one, [order]), hear_all(other, [fresh(cancelled(order))])
            )
            assert [*raised[0], *raised[1]] == []
    assert await stock(connection, "mug") == (100, 0, 0)
    assert await states(connection) == ["RELEASED"] * 100


async def test_confirming_and_cancelling_at_once_on_two_replicas_leave_nothing_sold(
    database: Database, connection: asyncpg.Connection
) -> None:
    orders = [real_order(("mug", 1)) for _ in range(100)]
    async with replica(database) as one, replica(database) as other:
        await stock_up(one, mug=100)
        assert await hear_all(one, [*orders]) == []
        for order in orders:
            raised = await asyncio.gather(
                hear_all(one, [fresh(confirmed(order))]), hear_all(other, [fresh(cancelled(order))])
            )
            assert [*raised[0], *raised[1]] == []
    assert await stock(connection, "mug") == (100, 0, 0)
    assert (await said_types(connection)).count("StockReleased") == 100


async def test_a_confirmation_before_the_placing_leaves_no_trace_and_harms_no_neighbour(
    database: Database, connection: asyncpg.Connection
) -> None:
    early, good = real_order(("mug", 1)), real_order(("mug", 1))
    confirmation = fresh(confirmed(early))
    async with replica(database) as one:
        await stock_up(one, mug=10)
        raised = await hear_all(one, [confirmation, good])
        assert [type(error) for error in raised] == [ReservationNotFound]
        assert await hear_all(one, [early, confirmation]) == []
    assert await stock(connection, "mug") == (8, 1, 1)


async def test_reservations_run_out_after_their_time_and_the_grace(
    database: Database, connection: asyncpg.Connection
) -> None:
    orders = [real_order(("mug", 1)) for _ in range(450)]
    async with replica(database) as one:
        await stock_up(one, mug=500)
        await hear_all(one, [*orders])
        await hear(one, fresh(confirmed(orders[0])))
        await run_out(database, one, after=HOUR)
        assert await stock(connection, "mug") == (50, 449, 1)
        await run_out(database, one, after=HOUR + GRACE)
    assert await stock(connection, "mug") == (499, 0, 1)
    released = [event for event in await said(connection) if event["event_type"] == "StockReleased"]
    assert len(released) == 449
    assert {event["reason"] for event in released} == {"EXPIRED"}
    assert {event["correlation_id"] for event in released} == {
        str(order.correlation_id) for order in orders[1:]
    }
    assert await unaccounted(connection) == []


async def test_two_replicas_release_what_ran_out_once(
    database: Database, connection: asyncpg.Connection
) -> None:
    async with replica(database) as one, replica(database) as other:
        await stock_up(one, mug=100)
        await hear_all(one, [real_order(("mug", 1)) for _ in range(100)])
        await asyncio.gather(
            run_out(database, one, after=2 * HOUR), run_out(database, other, after=2 * HOUR)
        )
    assert await stock(connection, "mug") == (100, 0, 0)
    assert (await said_types(connection)).count("StockReleased") == 100


async def test_a_late_confirmation_takes_the_stock_again_or_is_rejected(
    database: Database, connection: asyncpg.Connection
) -> None:
    first, second = real_order(("mug", 6)), real_order(("mug", 4))
    async with replica(database) as one:
        await stock_up(one, mug=10)
        await hear_all(one, [first, second])
        await run_out(database, one, after=2 * HOUR)
        await hear(one, fresh(confirmed(first)))
        await hear(one, real_order(("mug", 1)))
        await hear(one, fresh(confirmed(second)))
        assert await stock(connection, "mug") == (3, 1, 6)
        rejected = (await said(connection))[-1]
        assert rejected["event_type"] == "StockRejected"
        assert rejected["missing"] == [{"sku": "mug", "requested": 4, "available": 3}]
        await hear(one, fresh(cancelled(second, CancelReason.OUT_OF_STOCK)))
    assert await stock(connection, "mug") == (3, 1, 6)


@pytest.mark.parametrize("seed", range(3))
async def test_the_whole_log_shuffled_over_two_replicas_ends_the_same(
    seed: int, database: Database, connection: asyncpg.Connection
) -> None:
    chance = random.Random(seed)
    orders = [real_order(("mug", 1), (chance.choice(["cup", "pot"]), 2)) for _ in range(120)]
    fates = [chance.choice(FATES) for _ in orders]
    log: list[Event] = list(orders)
    async with replica(database) as one, replica(database) as other:
        await stock_up(one, mug=200, cup=500, pot=500)
        for order, fate in zip(orders, fates, strict=True):
            log += [fresh(tell(order)) for tell in fate]
        waiting = log * 2
        while waiting:  # what cannot be handled yet comes again, as from a broker
            chance.shuffle(waiting)
            waiting = await _deliver(waiting, one, other)
    kept = sum(cancelled not in fate for fate in fates)
    sold = fates.count((confirmed,))
    assert await stock(connection, "mug") == (200 - kept, kept - sold, sold)
    assert await unaccounted(connection) == []


async def _deliver(events: list[Event], one: Commits, other: Commits) -> list[Event]:
    half = len(events) // 2
    results = await asyncio.gather(
        *(hear(one, event) for event in events[:half]),
        *(hear(other, event) for event in events[half:]),
        return_exceptions=True,
    )
    again: list[Event] = []
    for event, result in zip(events, results, strict=True):
        if isinstance(result, ReservationNotFound):
            again.append(event)
        elif isinstance(result, BaseException) and not isinstance(result, AlreadyConsumed):
            raise result
    return again


async def test_the_tables_refuse_what_the_rules_forbid(connection: asyncpg.Connection) -> None:
    insert = "INSERT INTO products VALUES ('mug', 'Mug', 1, 'EUR', now(), $1, $2, $3, $4)"
    for counts in [(-1, 1, 0, 0), (1, -1, 0, 0), (1, 0, -1, 0), (5, 1, 1, 8)]:
        with pytest.raises(asyncpg.CheckViolationError):
            await connection.execute(insert, *counts)
