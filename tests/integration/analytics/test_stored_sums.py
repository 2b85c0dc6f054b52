"""The sums in Postgres are those of a recount, whatever arrives how often, where and when."""

import asyncio
import random
from collections.abc import Callable
from uuid import UUID

import asyncpg
import pytest
from hypothesis import HealthCheck, Phase, given, settings

from services.analytics.domain import Sales, SkuKey, Tally
from services.analytics.repository import TallyRepository
from shared.events import Event, Item
from shared.persistence.database import Database
from shared.persistence.writes import Writes
from tests.integration.analytics.conftest import TABLES
from tests.integration.analytics.stored import hear, replica, stored
from tests.unit.analytics.recount import recount
from tests.unit.analytics.stories import LAMP, START, Story, deliveries


@given(delivery=deliveries())
@settings(
    max_examples=40,
    deadline=None,
    phases=[Phase.generate],  # to make a failure small takes minutes on a real server
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
async def test_any_order_with_any_repeats_stores_the_same_sums(
    delivery: tuple[list[Event], list[list[Event]]],
    database: Database,
    connection: asyncpg.Connection,
) -> None:
    history, groups = delivery
    await connection.execute(f"TRUNCATE {', '.join(TABLES)}")
    async with replica(database) as commits:
        for group in groups:
            assert await hear(commits, group) == []
    assert await stored(connection) == recount(history)


def history_of(orders: int) -> list[Event]:
    """Many orders of the same few products, customers and minutes; a third is cancelled."""
    history: list[Event] = []
    for number in range(orders):
        lines = tuple(
            Item(sku=f"SKU-{n}", name=f"No {n}", quantity=1 + n, unit_price_cents=100 + n)
            for n in range(number % 7, 10)
        )
        story = Story(customer_id=f"customer-{number % 20}", items=lines)
        history += [story.placed(number % 3), story.paid(1), story.confirmed(number % 5)]
        if number % 3 == 0:
            history += [story.cancelled(number % 4), story.refunded(5)]
    return history


@pytest.mark.parametrize("seed", range(3))
async def test_three_replicas_that_all_hear_everything_count_it_once(
    seed: int, database: Database, connection: asyncpg.Connection
) -> None:
    chance = random.Random(seed)
    history = history_of(200)
    shuffled = [chance.sample(history, len(history)) for _ in range(3)]
    async with (
        replica(database) as first,
        replica(database) as second,
        replica(database) as third,
    ):
        failed = await asyncio.gather(*map(hear, (first, second, third), shuffled))
    assert not any(failed)
    assert await stored(connection) == recount(history)


async def test_replicas_that_hear_disjoint_halves_add_up(
    database: Database, connection: asyncpg.Connection
) -> None:
    history = history_of(300)
    random.Random(7).shuffle(history)
    async with replica(database) as first, replica(database) as second:
        failed = await asyncio.gather(hear(first, history[::2]), hear(second, history[1::2]))
    assert not any(failed)
    assert await stored(connection) == recount(history)


def confirm(tally: Tally, name: str) -> None:
    tally.order_confirmed(UUID(int=int(name)), at=START, lines=[], total_cents=1, currency="EUR")


def sell(tally: Tally, name: str) -> None:
    tally.sales[SkuKey(name, "EUR")] = Sales(named_at=START, name=name, quantity=1)


ROW_MAKERS = {
    "order facts": confirm,
    "buyers": lambda tally, name: tally.customers.add(name),
    "sales": sell,
    "payments": lambda tally, name: tally.payment_failed(name, currency="EUR"),
    "minutes": lambda tally, name: tally.payment_refunded(at=START, amount_cents=1, currency=name),
    "events": Tally.heard,
}


@pytest.mark.parametrize("make_row", ROW_MAKERS.values(), ids=ROW_MAKERS)
async def test_flushes_of_the_same_rows_at_once_do_not_deadlock(
    make_row: Callable[[Tally, str], None], database_url: str
) -> None:
    names = [str(number) for number in range(3000)]

    async def flush(order: list[str]) -> None:
        tally = Tally()
        for name in order:
            make_row(tally, name)
        connection = await asyncpg.connect(database_url)
        for _ in range(5):
            async with connection.transaction():
                await TallyRepository().save(Writes(connection), tally)
        await connection.close()

    await asyncio.gather(flush(names), flush(names[::-1]))


async def test_confirmation_and_cancellation_at_once_on_two_replicas_take_the_revenue_back_once(
    database: Database, connection: asyncpg.Connection
) -> None:
    stories = [Story() for _ in range(50)]
    confirmed = [story.confirmed(1) for story in stories]
    cancelled = [story.cancelled(2) for story in stories]
    async with replica(database) as first, replica(database) as second:
        for one, other in zip(confirmed, cancelled, strict=True):
            failed = await asyncio.gather(hear(first, [one]), hear(second, [other]))
            assert not any(failed)
    assert await stored(connection) == recount([*confirmed, *cancelled])


async def test_a_second_cancellation_of_an_order_takes_no_more_back(
    database: Database, connection: asyncpg.Connection
) -> None:
    story = Story()
    async with replica(database) as commits:
        for event in (story.confirmed(1), story.cancelled(2), story.cancelled(3)):
            assert await hear(commits, [event]) == []
    sums = (await stored(connection))["minutes"].values()
    assert sum(minute.get("deducted_cents", 0) for minute in sums) == story.total_cents


async def test_an_event_that_postgres_refuses_leaves_its_neighbours_alone(
    database: Database, connection: asyncpg.Connection
) -> None:
    good = [Story().confirmed(), Story().placed(), Story().paid()]
    poison = Item(sku="LAMP", name="no \0 in text", quantity=1, unit_price_cents=1)
    bad = Story(items=(poison,)).confirmed()
    async with replica(database) as commits:
        errors = await hear(commits, [good[0], bad, *good[1:]])
    assert len(errors) == 1
    assert isinstance(errors[0], asyncpg.DataError)
    assert await stored(connection) == recount(good)


async def test_an_order_of_two_thousand_lines_is_counted(
    database: Database, connection: asyncpg.Connection
) -> None:
    lines = tuple(
        Item(sku=f"SKU-{n}", name=f"Number {n}", quantity=n, unit_price_cents=n)
        for n in range(1, 2001)
    )
    event = Story(items=lines).confirmed()
    async with replica(database) as commits:
        assert await hear(commits, [event]) == []
    assert await stored(connection) == recount([event])


async def test_events_of_a_group_that_failed_are_counted_when_they_come_again(
    database: Database, connection: asyncpg.Connection
) -> None:
    event = Story(items=(LAMP,)).confirmed()
    async with replica(database) as commits:
        await connection.execute("ALTER TABLE product_sales RENAME TO elsewhere")
        errors = await hear(commits, [event])
        await connection.execute("ALTER TABLE elsewhere RENAME TO product_sales")
        assert isinstance(errors[0], asyncpg.UndefinedTableError)
        assert await hear(commits, [event]) == []
    assert await stored(connection) == recount([event])
