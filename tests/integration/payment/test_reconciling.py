"""The provider's whole ledger against our payments: what differs is told, and told gone."""

import asyncio
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest
import structlog
from structlog.testing import LogCapture
from structlog.typing import EventDict

from services.payment.reconciliation import job
from services.payment.reconciliation.comparison import Problem
from services.payment.reconciliation.listing import MismatchReader
from services.payment.reconciliation.store import TurnLost
from services.payment.tables import MismatchRow
from shared.clock import new_id
from shared.errors import DependencyDown
from shared.events import StockReserved
from shopctl.run_dir import CHECKOUT
from shopctl.supervisor import Supervisor
from tests.integration.payment.bookkeeping import ProviderBooks
from tests.integration.payment.replicas import (
    PRICE,
    Crash,
    CrashesAfter,
    Replica,
    order_cancelled,
    stock_reserved,
)
from tests.integration.shifted_clock import ShiftedClock

HOW_TO = CHECKOUT / "docs/how-to/payment-mismatches.md"

pytestmark = pytest.mark.usefixtures("books_begin")

AGED = timedelta(minutes=3)  # more than two graces
PAID_LIKE = """
INSERT INTO payments SELECT (jsonb_populate_record(payment, jsonb_build_object(
    'payment_id', $2::uuid, 'order_id', $2::uuid, 'charge_key', 'charge-' || $2::text,
    'refund_key', 'refund-' || $2::text, 'status', $3::text))).*
FROM payments AS payment WHERE order_id = $1
"""


async def paid(replica: Replica) -> StockReserved:
    event = stock_reserved()
    await replica.cashier.charge_order(event)
    return event


@contextmanager
def logged() -> Iterator[list[EventDict]]:
    """What the job logs, whatever services before have configured in this process.

    structlog's own `capture_logs` misses loggers that were used, and levels that are off.
    """
    capture = LogCapture()
    log = structlog.wrap_logger(None, processors=[capture], wrapper_class=structlog.BoundLogger)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(job, "log", log)
        yield capture.entries


async def reconcile(replica: Replica, clock: ShiftedClock) -> list[str]:
    """Compare all there is by now; return what was logged as a mismatch, in order."""
    clock.advance(AGED)
    with logged() as logs:
        await replica.reconciliation.run()
    return [line["problem"] for line in logs if line["event"] == "payment.mismatch"]


async def listed(replica: Replica, *, gone: bool = False) -> list[MismatchRow]:
    reader: MismatchReader = replica.reconciliation.mismatches
    return await reader.page(problem=None, gone=gone, before=None, limit=100)


async def problems(replica: Replica) -> list[tuple[str | None, str]]:
    return [(row.problem, row.order_id) for row in await listed(replica)]


async def test_orders_that_were_paid_declined_and_paid_back_are_no_mismatch(
    replica: Replica, clock: ShiftedClock, connection: asyncpg.Connection
) -> None:
    events = [stock_reserved(method=method) for method in ("card_ok", "card_declined")]
    for event in events:
        await replica.cashier.charge_order(event)
    cancelled = await paid(replica)
    await replica.cashier.call_off(order_cancelled(cancelled))
    assert await reconcile(replica, clock) == []
    assert await reconcile(replica, clock) == []
    assert await problems(replica) == []
    assert await connection.fetchval("SELECT count(*) FROM payment_mismatches") == 0


async def test_a_charge_behind_payments_back_is_told_once_and_gone_when_it_is_refunded(
    replica: Replica, books: ProviderBooks, clock: ShiftedClock
) -> None:
    order_id = new_id()
    charge_id = await books.charge_by_hand(order_id, 99, key=f"stray-{order_id}")
    assert await reconcile(replica, clock) == [Problem.CHARGE_WITHOUT_PAYMENT]
    assert replica.mismatches(Problem.CHARGE_WITHOUT_PAYMENT) == 1
    (row,) = await listed(replica)
    assert (row.order_id, row.expected) == (str(order_id), "0 EUR")
    assert row.found == f"99 EUR ({charge_id})"
    assert await reconcile(replica, clock) == []

    await books.refund_by_hand(order_id, 99, charge_id=charge_id, key=f"mended-{order_id}")
    assert await reconcile(replica, clock) == []
    assert replica.mismatches(Problem.CHARGE_WITHOUT_PAYMENT) == 0
    assert await listed(replica) == []
    (row,) = await listed(replica, gone=True)
    assert row.gone_at is not None


async def test_a_second_charge_for_an_order(
    replica: Replica, books: ProviderBooks, clock: ShiftedClock
) -> None:
    event = await paid(replica)
    await books.charge_by_hand(event.order_id, PRICE, key=f"again-{event.order_id}")
    assert await reconcile(replica, clock) == [Problem.SECOND_CHARGE]


async def test_a_refund_that_payment_does_not_know(
    replica: Replica, books: ProviderBooks, clock: ShiftedClock
) -> None:
    event = await paid(replica)
    charge_id = (await replica.payments.of_order(event.order_id)).charge_id or ""
    await books.refund_by_hand(event.order_id, 1, charge_id=charge_id, key=f"gift-{charge_id}")
    assert await reconcile(replica, clock) == [Problem.UNKNOWN_REFUND]


@pytest.mark.parametrize(
    ("tampering", "mending", "problem"),
    [
        ("amount_cents = 1", f"amount_cents = {PRICE}", Problem.AMOUNT_DIFFERS),
        ("status = 'FAILED'", "status = 'SUCCESS'", Problem.CAPTURED_YET_FAILED),
    ],
)
async def test_a_payment_that_was_tampered_with_is_told_and_gone_when_it_is_mended(
    replica: Replica,
    clock: ShiftedClock,
    connection: asyncpg.Connection,
    tampering: str,
    mending: str,
    problem: Problem,
) -> None:
    event = await paid(replica)
    change = f"UPDATE payments SET {{}} WHERE order_id = '{event.order_id}'"
    await connection.execute(change.format(tampering))
    assert await reconcile(replica, clock) == [problem]
    assert replica.mismatches(problem) == 1
    await connection.execute(change.format(mending))
    assert await reconcile(replica, clock) == []
    assert replica.mismatches(problem) == 0


async def test_a_payment_that_was_lost_is_told_and_gone_when_it_is_restored(
    replica: Replica, clock: ShiftedClock, connection: asyncpg.Connection
) -> None:
    event = await paid(replica)
    await connection.execute("CREATE TEMP TABLE lost AS SELECT * FROM payments LIMIT 0")
    await connection.execute(
        "WITH gone AS (DELETE FROM payments WHERE order_id = $1 RETURNING *)"
        " INSERT INTO lost SELECT * FROM gone",
        event.order_id,
    )
    assert await reconcile(replica, clock) == [Problem.CHARGE_WITHOUT_PAYMENT]
    await connection.execute("INSERT INTO payments SELECT * FROM lost")
    assert await reconcile(replica, clock) == []
    assert await problems(replica) == []


@pytest.mark.parametrize(
    ("status", "problem"),
    [("SUCCESS", Problem.MISSING_CHARGE), ("REFUNDED", Problem.MISSING_REFUND)],
)
async def test_what_a_payment_says_and_the_ledger_does_not(
    replica: Replica,
    clock: ShiftedClock,
    connection: asyncpg.Connection,
    status: str,
    problem: Problem,
) -> None:
    event, claimed = await paid(replica), new_id()
    await connection.execute(PAID_LIKE, event.order_id, claimed, status)
    await paid(replica)
    assert problem in await reconcile(replica, clock)
    assert (problem, str(claimed)) in await problems(replica)
    await connection.execute("DELETE FROM payments WHERE order_id = $1", claimed)
    await reconcile(replica, clock)
    assert await problems(replica) == []


async def test_what_is_open_is_waited_for(
    replica: Replica, clock: ShiftedClock, connection: asyncpg.Connection
) -> None:
    event = stock_reserved()
    dying = replica.with_provider(CrashesAfter(replica.cashier.provider))
    with pytest.raises(Crash):
        await dying.cashier.charge_order(event)
    assert await reconcile(replica, clock) == []
    waiting = "SELECT count(*) FROM payment_mismatches WHERE gone_at IS NULL"
    assert await connection.fetchval(waiting) == 1
    await replica.settlement.run()
    assert await reconcile(replica, clock) == []
    assert await connection.fetchval(waiting) == 0


async def test_a_refund_whose_answer_was_lost_is_no_mismatch(
    replica: Replica, books: ProviderBooks, clock: ShiftedClock
) -> None:
    event = await paid(replica)
    await books.misbehave("delay", seconds=5, count=1)
    await replica.cashier.call_off(order_cancelled(event))
    assert await reconcile(replica, clock) == []
    await replica.settlement.run()
    for _ in range(3):
        assert await reconcile(replica, clock) == []
    assert await problems(replica) == []


async def test_what_is_younger_than_a_grace_is_left_for_later(
    replica: Replica, books: ProviderBooks, connection: asyncpg.Connection
) -> None:
    await books.charge_by_hand(new_id(), 1, key=f"young-{new_id()}")
    await replica.reconciliation.run()
    assert await connection.fetchval("SELECT count(*) FROM payment_mismatches") == 0


async def test_in_a_shared_ledger_other_orders_are_passed_over(
    replica: Replica, books: ProviderBooks, clock: ShiftedClock
) -> None:
    event = await paid(replica)
    await books.charge_by_hand("another shop's", 1, key=f"theirs-{new_id()}")
    assert await reconcile(replica, clock) == [Problem.CHARGE_WITHOUT_PAYMENT]
    await books.charge_by_hand("another shop's", 1, key=f"theirs-{new_id()}")
    await books.charge_by_hand(event.order_id, 1, key=f"again-{new_id()}")
    told = replace(replica.reconciliation, shared_ledger=True)
    assert await reconcile(replace(replica, reconciliation=told), clock) == [Problem.SECOND_CHARGE]
    assert await problems(replica) == [(Problem.SECOND_CHARGE, str(event.order_id))]


async def test_page_by_page_nothing_is_missed_or_told_twice(
    replica: Replica,
    books: ProviderBooks,
    clock: ShiftedClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(job, "PAGE", 3)
    monkeypatch.setattr(job, "PROGRESS_EVERY", 1)
    events = [stock_reserved() for _ in range(20)]
    await asyncio.gather(*map(replica.cashier.charge_order, events))
    for event in events[::2]:
        await replica.cashier.call_off(order_cancelled(event))
    strays = [new_id() for _ in range(5)]
    for order_id in strays:
        await books.charge_by_hand(order_id, 1, key=f"stray-{order_id}")
    assert await reconcile(replica, clock) == [Problem.CHARGE_WITHOUT_PAYMENT] * len(strays)
    assert await reconcile(replica, clock) == []
    assert {order_id for _, order_id in await problems(replica)} == set(map(str, strays))


async def test_two_replicas_compare_each_movement_once(
    replica: Replica, twin: Replica, books: ProviderBooks, clock: ShiftedClock
) -> None:
    order_id = new_id()
    await books.charge_by_hand(order_id, 1, key=f"stray-{order_id}")
    clock.advance(AGED)
    with logged() as logs:
        await asyncio.gather(replica.reconciliation.run(), twin.reconciliation.run())
    assert [line["event"] for line in logs].count("payment.mismatch") == 1
    await twin.reconciliation.run()
    assert twin.mismatches(Problem.CHARGE_WITHOUT_PAYMENT) == 1


async def test_a_replica_that_lost_its_turn_writes_nothing(
    replica: Replica, twin: Replica, clock: ShiftedClock, connection: asyncpg.Connection
) -> None:
    store = replica.reconciliation.store
    bookmark = await store.take_turn(clock(), until=clock() + AGED)
    assert bookmark is not None
    clock.advance(2 * AGED)
    await twin.reconciliation.run()
    before = await connection.fetchrow("SELECT * FROM reconciliation")
    with pytest.raises(TurnLost):
        await store.finish(bookmark, clock(), next_at=clock())
    assert await connection.fetchrow("SELECT * FROM reconciliation") == before


async def test_an_absent_provider_is_waited_for(
    replica: Replica, books: ProviderBooks, clock: ShiftedClock, world: Supervisor
) -> None:
    order_id = new_id()
    await books.charge_by_hand(order_id, 1, key=f"stray-{order_id}")
    await world.kill("provider")
    try:
        with pytest.raises(DependencyDown):
            await reconcile(replica, clock)
    finally:
        await world.start_again("provider")
    assert await reconcile(replica, clock) == [Problem.CHARGE_WITHOUT_PAYMENT]


async def test_a_ledger_that_lost_its_end_is_read_anew_and_what_it_lost_is_told(
    replica: Replica, clock: ShiftedClock, world: Supervisor, books: ProviderBooks
) -> None:
    lost = [(await paid(replica)).order_id for _ in range(2)]
    assert await reconcile(replica, clock) == []
    await world.kill("provider")
    cut(world.run_dir.data / "provider", lost)
    await world.start_again("provider")
    await paid(replica)
    clock.advance(AGED)
    with logged() as logs:
        await replica.reconciliation.run()
    assert [line["event"] for line in logs] == ["reconciliation.ledger_lost"]
    assert await reconcile(replica, clock) == [Problem.MISSING_CHARGE] * len(lost)
    assert {order_id for _, order_id in await problems(replica)} == set(map(str, lost))


async def test_all_is_compared_anew_as_the_page_for_operators_says(
    replica: Replica, books: ProviderBooks, clock: ShiftedClock, connection: asyncpg.Connection
) -> None:
    event, order_id = await paid(replica), new_id()
    charge_id = await books.charge_by_hand(order_id, 2, key=f"stray-{order_id}")
    await books.refund_by_hand(order_id, 1, charge_id=charge_id, key=f"half-{order_id}")
    assert await reconcile(replica, clock) == [Problem.CHARGE_WITHOUT_PAYMENT]
    (before,) = await listed(replica)

    tampering = "UPDATE payments SET amount_cents = 1 WHERE order_id = $1"
    await connection.execute(tampering, event.order_id)
    assert await reconcile(replica, clock) == []
    (anew,) = re.findall(r"```sql\n(.*?)```", HOW_TO.read_text(), re.DOTALL)
    await connection.execute(anew)
    assert set(await reconcile(replica, clock)) == {
        Problem.AMOUNT_DIFFERS,
        Problem.CHARGE_WITHOUT_PAYMENT,
    }
    (_, after) = sorted(await listed(replica), key=lambda row: row.problem or "")
    assert (after.found, after.first_seen_at) == (before.found, before.first_seen_at)


def cut(store: Path, orders: list[UUID]) -> None:
    """Let the provider forget its last movements, those of these orders."""
    lines = store.read_text().splitlines(keepends=True)
    kept = [line for line in lines if not any(str(order_id) in line for order_id in orders)]
    assert len(kept) == len(lines) - len(orders)
    store.write_text("".join(kept))
