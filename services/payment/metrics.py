"""What is counted about the provider."""

from prometheus_client import CollectorRegistry, Gauge, Histogram
from purgatory.domain.messages.base import Event
from purgatory.domain.messages.events import ContextChanged

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
        self.breaker = Gauge(
            "shop_payment_provider_breaker",
            "The circuit breaker: 0 closed, 1 half open, 2 open",
            registry=registry,
        )

    def called(self, call: str, result: str, seconds: float) -> None:
        self.seconds.labels(call, result).observe(seconds)

    def note_breaker(self, _name: str, _what: str, event: Event) -> None:
        """purgatory's hook."""
        if isinstance(event, ContextChanged):
            self.breaker.set(BREAKER_STATES[event.state])
