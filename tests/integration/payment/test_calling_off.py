"""A cancelled order keeps no money, whenever the cancellation comes."""

import asyncio
from datetime import timedelta

import asyncpg

from services.payment.domain import Status
from tests.eventually import eventually
from tests.integration.payment.bookkeeping import ProviderBooks
from tests.integration.payment.outbox import said
from tests.integration.payment.replicas import (
    PRICE,
    Replica,
    order_cancelled,
    stock_reserved,
)
from tests.integration.shifted_clock import ShiftedClock

CHARGED_AND_BACK = [("charge", PRICE), ("refund", PRICE)]


async def test_a_paid_order_is_refunded(
    replica: Replica, books: ProviderBooks, connection: asyncpg.Connection
) -> None:
    event = stock_reserved()
    cancelled = order_cancelled(event)
    await replica.cashier.charge_order(event)
    await replica.cashier.call_off(cancelled)
    payment = await replica.payments.of_order(event.order_id)
    assert (payment.status, payment.refunded_cents) == (Status.REFUNDED, PRICE)
    assert await books.movements(event.order_id) == CHARGED_AND_BACK
    _, refunded = await said(connection, event.order_id)
    assert (refunded["event_type"], refunded["amount_cents"]) == ("PaymentRefunded", PRICE)
    assert refunded["refund_id"] == str(payment.refund_id)
    assert refunded["reason"] == "CUSTOMER_REQUEST"
    assert refunded["causation_id"] == str(cancelled.event_id)


async def test_an_order_cancelled_before_its_charge_is_never_charged(
    replica: Replica, books: ProviderBooks, connection: asyncpg.Connection
) -> None:
    event = stock_reserved()
    await replica.cashier.call_off(order_cancelled(event))
    assert await said(connection, event.order_id) == []
    await replica.cashier.charge_order(event)
    assert await books.movements(event.order_id) == []
    (processed,) = await said(connection, event.order_id)
    assert (processed["status"], processed["payment_method"]) == ("FAILED", "card_ok")


async def test_an_order_cancelled_during_its_charge_is_charged_and_refunded(
    replica: Replica, books: ProviderBooks, connection: asyncpg.Connection
) -> None:
    await books.misbehave("delay", seconds=0.15, count=1)
    event = stock_reserved()
    charging = asyncio.create_task(replica.cashier.charge_order(event))
    await eventually(lambda: books.movements(event.order_id), [("charge", PRICE)])
    await replica.cashier.call_off(order_cancelled(event))
    await charging
    assert await books.movements(event.order_id) == CHARGED_AND_BACK
    first, second = await said(connection, event.order_id)
    assert (first["status"], second["event_type"]) == ("SUCCESS", "PaymentRefunded")


async def test_a_cancellation_that_races_the_charge_in_another_process_leaves_no_money(
    replica: Replica, twin: Replica, books: ProviderBooks, clock: ShiftedClock
) -> None:
    events = [stock_reserved() for _ in range(30)]

    await asyncio.gather(
        *(replica.cashier.charge_order(event) for event in events),
        *(twin.cashier.call_off(order_cancelled(event)) for event in events),
    )
    clock.advance(timedelta(seconds=600))
    await replica.settlement.run()
    held = await books.held()
    assert [held.get(str(event.order_id), 0) for event in events] == [0] * 30


async def test_a_refund_that_failed_stays_owed_until_it_is_made(
    replica: Replica, books: ProviderBooks, clock: ShiftedClock, connection: asyncpg.Connection
) -> None:
    event = stock_reserved()
    await replica.cashier.charge_order(event)
    await books.misbehave("error")
    await replica.cashier.call_off(order_cancelled(event))
    payment = await replica.payments.of_order(event.order_id)
    assert (payment.status, payment.refunded_cents) == (Status.SUCCESS, 0)
    await books.behave()
    clock.advance(timedelta(seconds=20))
    await replica.settlement.run()
    await replica.settlement.run()
    assert (await replica.payments.of_order(event.order_id)).status is Status.REFUNDED
    assert await books.movements(event.order_id) == CHARGED_AND_BACK
    assert len(await said(connection, event.order_id)) == 2


async def test_a_refund_whose_answer_was_lost_is_made_once(
    replica: Replica, books: ProviderBooks, clock: ShiftedClock
) -> None:
    event = stock_reserved()
    await replica.cashier.charge_order(event)
    await books.misbehave("delay", seconds=5, count=1)
    await replica.cashier.call_off(order_cancelled(event))
    assert await books.movements(event.order_id) == CHARGED_AND_BACK
    clock.advance(timedelta(seconds=20))
    await replica.settlement.run()
    assert (await replica.payments.of_order(event.order_id)).status is Status.REFUNDED
    assert await books.movements(event.order_id) == CHARGED_AND_BACK
