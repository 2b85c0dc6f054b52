"""The composition root of payment."""

from fastapi import FastAPI

from services.payment import api, consumers
from services.payment.gateway import Provider
from services.payment.metrics import ProviderMetrics, ReconciliationMetrics
from services.payment.provider_calls import ProviderCalls
from services.payment.reconciliation.job import Reconciliation
from services.payment.reconciliation.ledger import ProviderLedger
from services.payment.reconciliation.listing import MismatchReader
from services.payment.reconciliation.store import Store
from services.payment.repository import PaymentReader, PaymentRepository
from services.payment.settings import PaymentSettings
from services.payment.settlement import Settlement
from services.payment.use_cases import Cashier
from shared.clock import new_id, utc_now
from shared.http import problems
from shared.persistence.database import KeptConnection
from shared.server import run
from shared.service import Service


def build(settings: PaymentSettings) -> FastAPI:
    service = Service("payment", settings)
    calls = ProviderCalls(settings.call_limits, ProviderMetrics(service.metrics.registry))
    service.resource(calls)
    provider = Provider(settings.payment_provider_url, calls)
    cashier = Cashier(service.commits(PaymentRepository()), provider, utc_now, new_id)
    payments = PaymentReader(service.database)
    consumers.subscribe(service.consumer, cashier)
    settlement = Settlement(cashier, payments, utc_now)
    service.every(settings.payment_settle_every_s, settlement.run, name="settlement")
    mismatches = MismatchReader(service.database)
    reconciliation = Reconciliation(
        ledger=ProviderLedger(settings.payment_provider_url, calls),
        store=Store(KeptConnection(service.database.engine)),
        mismatches=mismatches,
        metrics=ReconciliationMetrics(service.metrics.registry),
        clock=utc_now,
        pace=settings.reconciliation_pace,
        shared_ledger=settings.payment_ledger_shared,
    )
    service.every(settings.payment_reconcile_every_s, reconciliation.run, name="reconciliation")
    problems.register(service.app, api.ERRORS)
    service.app.include_router(api.router(payments, mismatches))
    return service.app


def main() -> None:
    run(PaymentSettings, build)
