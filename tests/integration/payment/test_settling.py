"""What nobody knows is found out: by asking, and without charging twice."""

import asyncio
import os
import signal
from datetime import timedelta

import asyncpg
import pytest

from services.payment.domain import Status
from shared.errors import DependencyDown
from shared.events import StockReserved
from shopctl.supervisor import Supervisor
from tests.eventually import eventually
from tests.integration.payment.bookkeeping import ProviderBooks
from tests.integration.payment.outbox import said
from tests.integration.payment.replicas import (
    PRICE,
    Crash,
    CrashesAfter,
    CrashesBefore,
    Replica,
    order_cancelled,
    stock_reserved,
)
from tests.integration.shifted_clock import ShiftedClock


async def lose_sight(replica: Replica, books: ProviderBooks, count: int = 1) -> list[StockReserved]:
    """Charge orders at a provider that takes the money and says nothing in time."""
    await books.misbehave("delay", seconds=5)
    events = [stock_reserved() for _ in range(count)]
    ends = await asyncio.gather(
        *(replica.cashier.charge_order(event) for event in events), return_exceptions=True
    )
    assert set(ends) == {None}
    await books.behave()
    return events


async def settled(replica: Replica, event: StockReserved) -> bool:
    """Run the settlement until the breaker lets it, and the payment is no longer unknown."""
    try:
        await replica.settlement.run()
    except DependencyDown:
        return False
    payment = await replica.payments.of_order(event.order_id)
    return payment.status not in (Status.UNKNOWN, Status.PENDING)


async def test_money_taken_without_an_answer_is_unknown_then_found(
    replica: Replica, books: ProviderBooks, clock: ShiftedClock, connection: asyncpg.Connection
) -> None:
    (event,) = await lose_sight(replica, books)
    assert (await replica.payments.of_order(event.order_id)).status is Status.UNKNOWN
    assert await said(connection, event.order_id) == []
    clock.advance(timedelta(seconds=3))
    await eventually(lambda: settled(replica, event))
    assert (await replica.payments.of_order(event.order_id)).status is Status.SUCCESS
    assert await books.movements(event.order_id) == [("charge", PRICE)]
    (processed,) = await said(connection, event.order_id)
    assert processed["causation_id"] == str(event.event_id)


async def test_an_unknown_charge_that_was_never_made_is_made(
    replica: Replica, books: ProviderBooks, clock: ShiftedClock
) -> None:
    await books.misbehave("error", count=4)  # three tries and the question
    event = stock_reserved()
    await replica.cashier.charge_order(event)
    assert (await replica.payments.of_order(event.order_id)).status is Status.UNKNOWN
    assert await books.movements(event.order_id) == []
    clock.advance(timedelta(seconds=3))
    await eventually(lambda: settled(replica, event))
    assert await books.movements(event.order_id) == [("charge", PRICE)]


async def test_an_unknown_charge_of_a_cancelled_order_is_refunded(
    replica: Replica, books: ProviderBooks, clock: ShiftedClock, connection: asyncpg.Connection
) -> None:
    (event,) = await lose_sight(replica, books)
    await replica.cashier.call_off(order_cancelled(event))
    clock.advance(timedelta(seconds=3))
    await eventually(lambda: settled(replica, event))
    assert (await replica.payments.of_order(event.order_id)).status is Status.REFUNDED
    assert (await books.held())[str(event.order_id)] == 0
    processed, refunded = await said(connection, event.order_id)
    assert (processed["status"], refunded["event_type"]) == ("SUCCESS", "PaymentRefunded")


@pytest.mark.parametrize("charged", [True, False])
async def test_what_a_dead_handler_left_is_settled_and_its_event_still_counts(
    replica: Replica,
    books: ProviderBooks,
    clock: ShiftedClock,
    connection: asyncpg.Connection,
    charged: bool,
) -> None:
    event = stock_reserved()
    dying = CrashesAfter(replica.cashier.provider) if charged else CrashesBefore()
    with pytest.raises(Crash):
        await replica.with_provider(dying).cashier.charge_order(event)
    clock.advance(timedelta(seconds=10))
    assert not await settled(replica, event)  # it may still be alive
    clock.advance(timedelta(seconds=31))
    await eventually(lambda: settled(replica, event))
    await replica.cashier.charge_order(event)  # redelivered at last
    assert await books.movements(event.order_id) == [("charge", PRICE)]
    assert len(await said(connection, event.order_id)) == 1


async def test_two_settlements_share_the_work(
    replica: Replica,
    twin: Replica,
    books: ProviderBooks,
    clock: ShiftedClock,
    connection: asyncpg.Connection,
) -> None:
    events = await lose_sight(replica, books, count=8)
    clock.advance(timedelta(seconds=3))

    async def all_settled() -> bool:
        ends = await asyncio.gather(*(settled(one, e) for one in (replica, twin) for e in events))
        return all(ends)

    await eventually(all_settled)
    for event in events:
        assert await books.movements(event.order_id) == [("charge", PRICE)]
        assert len(await said(connection, event.order_id)) == 1


async def test_a_request_that_a_hung_provider_takes_late_is_paid_back(
    replica: Replica, books: ProviderBooks, world: Supervisor, clock: ShiftedClock
) -> None:
    event = stock_reserved()
    provider = world.state.running["provider"].pid
    os.kill(provider, signal.SIGSTOP)
    try:
        await replica.cashier.charge_order(event)
        await replica.cashier.call_off(order_cancelled(event))
        clock.advance(timedelta(seconds=3))
        assert not await settled(replica, event)
    finally:
        os.kill(provider, signal.SIGCONT)
    for _ in range(20):
        clock.advance(timedelta(seconds=20))
        await eventually(lambda: settled(replica, event))
    payment = await replica.payments.of_order(event.order_id)
    assert payment.status in (Status.REFUNDED, Status.FAILED)
    assert payment.check_at is None
    assert (await books.held()).get(str(event.order_id), 0) == 0
