"""One payment process's parts without its broker, and the events that it hears."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta

from prometheus_client import CollectorRegistry

from services.payment.answers import ChargeAnswer
from services.payment.domain import Payment
from services.payment.gateway import Provider
from services.payment.metrics import ProviderMetrics, ReconciliationMetrics
from services.payment.provider_calls import CallLimits, ProviderCalls
from services.payment.reconciliation.comparison import Problem
from services.payment.reconciliation.job import Pace, Reconciliation
from services.payment.reconciliation.ledger import ProviderLedger
from services.payment.reconciliation.listing import MismatchReader
from services.payment.reconciliation.store import Store
from services.payment.repository import PaymentReader, PaymentRepository
from services.payment.settlement import Settlement
from services.payment.use_cases import Cashier
from shared.clock import new_id, utc_now
from shared.events import CancelReason, Item, OrderCancelled, StockReserved, first_cause
from shared.persistence.database import Database, KeptConnection
from tests.integration.committing import committing
from tests.integration.shifted_clock import ShiftedClock

QUICK = CallLimits(timeout_s=0.3, deadline_s=1.0, breaker_open_s=0.2)
PRICE = 1250


@dataclass(frozen=True, slots=True)
class Replica:
    cashier: Cashier
    settlement: Settlement
    payments: PaymentReader
    reconciliation: Reconciliation
    registry: CollectorRegistry

    def with_provider(self, provider: Provider) -> "Replica":
        return replace(self, cashier=replace(self.cashier, provider=provider))

    def mismatches(self, problem: Problem) -> float | None:
        """Return what the gauge shows."""
        return self.registry.get_sample_value("shop_payment_mismatches", {"problem": problem})


@asynccontextmanager
async def open_replica(
    database: Database, provider_url: str, clock: ShiftedClock
) -> AsyncIterator[Replica]:
    payments, registry = PaymentReader(database), CollectorRegistry()
    connection = KeptConnection(database.engine)
    async with (
        committing(database, PaymentRepository()) as commits,
        ProviderCalls(QUICK, ProviderMetrics(registry)) as calls,
    ):
        cashier = Cashier(commits, Provider(provider_url, calls), clock, new_id)
        reconciliation = Reconciliation(
            ledger=ProviderLedger(provider_url, calls),
            store=Store(connection),
            mismatches=MismatchReader(database),
            metrics=ReconciliationMetrics(registry),
            clock=clock,
            pace=Pace(),
        )
        settlement = Settlement(cashier, payments, clock)
        yield Replica(cashier, settlement, payments, reconciliation, registry)
    await connection.close()


class Crash(Exception):
    """The process ended here."""


class CrashesBefore(Provider):
    """Dies with the intent stored and nothing sent."""

    def __init__(self) -> None:
        pass

    async def charge(self, payment: Payment) -> ChargeAnswer:
        raise Crash


class CrashesAfter(CrashesBefore):
    """Dies with the money taken and nothing stored."""

    def __init__(self, real: Provider) -> None:
        self._real = real

    async def charge(self, payment: Payment) -> ChargeAnswer:
        await self._real.charge(payment)
        raise Crash


def stock_reserved(*, method: str = "card_ok", expires_in_s: float = 900) -> StockReserved:
    now = utc_now()
    return StockReserved(
        **first_cause(event_id=new_id(), at=now),
        order_id=new_id(),
        reservation_id=new_id(),
        items=(Item(sku="LAMP", name="Lamp", quantity=1, unit_price_cents=PRICE),),
        expires_at=now + timedelta(seconds=expires_in_s),
        customer_id="c-1",
        total_cents=PRICE,
        currency="EUR",
        payment_method=method,
    )


def order_cancelled(reserved: StockReserved) -> OrderCancelled:
    return OrderCancelled(
        **first_cause(event_id=new_id(), at=utc_now()),
        order_id=reserved.order_id,
        customer_id="c-1",
        customer_email="c1@example.org",
        reason=CancelReason.CUSTOMER_REQUEST,
        total_cents=reserved.total_cents,
        currency=reserved.currency,
    )
