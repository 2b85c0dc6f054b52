"""What is counted about the provider, and about the comparison with its ledger."""

from functools import cache

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from purgatory.domain.messages.base import Event
from purgatory.domain.messages.events import ContextChanged

from services.payment.reconciliation.listing import Standing
from shared.metrics import SECONDS

BREAKER_STATES = {"closed": 0, "half-opened": 1, "opened": 2}


class ProviderMetrics:
    def __init__(self, registry: CollectorRegistry) -> None:
        self.seconds = Histogram(
            "shop_payment_provider_call_seconds",
            "Time of a call with all its tries, by call and result (answered, unanswered, down)",
            ["call", "result"],
            buckets=SECONDS,
            registry=registry,
        )
        self._seconds_of = cache(self.seconds.labels)
        self.breaker = Gauge(
            "shop_payment_provider_breaker",
            "The circuit breaker: 0 closed, 1 half open, 2 open",
            registry=registry,
        )

    def called(self, call: str, result: str, seconds: float) -> None:
        self._seconds_of(call, result).observe(seconds)

    def note_breaker(self, _name: str, _what: str, event: Event) -> None:
        """purgatory's hook."""
        if isinstance(event, ContextChanged):
            self.breaker.set(BREAKER_STATES[event.state])


class ReconciliationMetrics:
    """The same in all replicas: it is read from the database."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.mismatches = Gauge(
            "shop_payment_mismatches",
            "Differences between payments and the provider's ledger that still stand, by problem",
            ["problem"],
            registry=registry,
        )
        self.finished_at = Gauge(
            "shop_payment_reconciled_timestamp_seconds",
            "When the last comparison with the provider's ledger was finished; 0 if none was",
            registry=registry,
        )
        self.passed_over = Counter(
            "shop_payment_ledger_passed_over",
            "Movements of the provider's ledger that are not this shop's concern",
            registry=registry,
        )

    def show(self, standing: Standing) -> None:
        for problem, count in standing.open.items():
            self.mismatches.labels(problem).set(count)
        if standing.finished_at is not None:
            self.finished_at.set(standing.finished_at.timestamp())
