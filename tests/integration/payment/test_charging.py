"""An order is charged once, whoever dies and whatever comes twice: by the provider's own ledger."""

import asyncio

import asyncpg
import pytest

from services.payment.domain import Status
from shared.errors import AlreadyConsumed, DependencyDown, TransientError
from shopctl.supervisor import Supervisor
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

CHARGED = [("charge", PRICE)]


async def test_an_order_is_charged_and_it_is_said(
    replica: Replica, books: ProviderBooks, connection: asyncpg.Connection
) -> None:
    event = stock_reserved()
    await replica.cashier.charge_order(event)
    payment = await replica.payments.of_order(event.order_id)
    assert (payment.status, payment.amount_cents) == (Status.SUCCESS, PRICE)
    assert await replica.payments.payment(payment.payment_id) == payment
    assert await books.movements(event.order_id) == CHARGED
    (event_said,) = await said(connection, event.order_id)
    assert (event_said["status"], event_said["reason"]) == ("SUCCESS", None)
    assert event_said["causation_id"] == str(event.event_id)
    assert event_said["correlation_id"] == str(event.correlation_id)


async def test_a_declined_card_is_said_with_its_reason(
    replica: Replica, books: ProviderBooks, connection: asyncpg.Connection
) -> None:
    event = stock_reserved(method="card_declined")
    await replica.cashier.charge_order(event)
    assert (await replica.payments.of_order(event.order_id)).status is Status.FAILED
    assert await books.movements(event.order_id) == []
    (event_said,) = await said(connection, event.order_id)
    assert event_said["status"] == "FAILED"
    assert event_said["reason"]


async def test_a_flaky_card_is_charged_once(replica: Replica, books: ProviderBooks) -> None:
    event = stock_reserved(method="card_flaky")
    await replica.cashier.charge_order(event)
    assert await books.movements(event.order_id) == CHARGED


async def test_an_expired_reservation_is_not_charged(
    replica: Replica, books: ProviderBooks, connection: asyncpg.Connection
) -> None:
    event = stock_reserved(expires_in_s=-1)
    await replica.cashier.charge_order(event)
    assert await books.movements(event.order_id) == []
    (event_said,) = await said(connection, event.order_id)
    assert (event_said["status"], event_said["reason"]) == ("FAILED", "reservation expired")


async def test_a_redelivery_charges_and_says_nothing(
    replica: Replica, books: ProviderBooks, connection: asyncpg.Connection
) -> None:
    event = stock_reserved()
    await replica.cashier.charge_order(event)
    with pytest.raises(AlreadyConsumed):
        await replica.cashier.charge_order(event)
    assert await books.movements(event.order_id) == CHARGED
    assert len(await said(connection, event.order_id)) == 1


async def test_a_crash_between_intent_and_charge_charges_once(
    replica: Replica, books: ProviderBooks
) -> None:
    event = stock_reserved()
    with pytest.raises(Crash):
        await replica.with_provider(CrashesBefore()).cashier.charge_order(event)
    assert (await replica.payments.of_order(event.order_id)).status is Status.PENDING
    await replica.cashier.charge_order(event)
    assert await books.movements(event.order_id) == CHARGED


async def test_a_crash_between_charge_and_outcome_charges_once(
    replica: Replica, books: ProviderBooks, connection: asyncpg.Connection
) -> None:
    event = stock_reserved()
    dying = replica.with_provider(CrashesAfter(replica.cashier.provider))
    with pytest.raises(Crash):
        await dying.cashier.charge_order(event)
    assert await said(connection, event.order_id) == []
    await replica.cashier.charge_order(event)
    assert await books.movements(event.order_id) == CHARGED
    assert len(await said(connection, event.order_id)) == 1


async def test_a_crash_after_the_charge_of_a_cancelled_order_pays_back(
    replica: Replica, books: ProviderBooks
) -> None:
    event = stock_reserved()
    dying = replica.with_provider(CrashesAfter(replica.cashier.provider))
    with pytest.raises(Crash):
        await dying.cashier.charge_order(event)
    await replica.cashier.call_off(order_cancelled(event))
    await replica.cashier.charge_order(event)
    assert await books.movements(event.order_id) == [*CHARGED, ("refund", PRICE)]


async def test_two_processes_with_the_same_event_charge_once(
    replica: Replica, twin: Replica, books: ProviderBooks, connection: asyncpg.Connection
) -> None:
    events = [stock_reserved() for _ in range(20)]
    ends = await asyncio.gather(
        *(one.cashier.charge_order(event) for event in events for one in (replica, twin)),
        return_exceptions=True,
    )
    assert all(end is None or isinstance(end, AlreadyConsumed | TransientError) for end in ends)
    for event in events:
        assert await books.movements(event.order_id) == CHARGED
        assert len(await said(connection, event.order_id)) == 1


async def test_an_absent_provider_is_waited_for_with_the_intent_kept(
    replica: Replica, books: ProviderBooks, world: Supervisor
) -> None:
    event = stock_reserved()
    await world.kill("provider")
    try:
        with pytest.raises(DependencyDown):
            await replica.cashier.charge_order(event)
        assert (await replica.payments.of_order(event.order_id)).status is Status.PENDING
    finally:
        await world.start_again("provider")
    await replica.cashier.charge_order(event)
    assert await books.movements(event.order_id) == CHARGED
