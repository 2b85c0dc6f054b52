"""The outermost stage: counts, times and traces a delivery, and names its order in every log."""

from dataclasses import dataclass
from time import perf_counter

from shared.messaging.pipeline import Delivery, Next
from shared.metrics import SubscriptionMetrics
from shared.telemetry import bind, span_from


@dataclass(frozen=True, slots=True)
class Tracing:
    """A span around everything, under the trace that came with the message."""

    async def __call__(self, delivery: Delivery, following: Next) -> None:
        parent = (delivery.msg.headers or {}).get("traceparent")
        with span_from(parent, f"consume {delivery.subscription.subject}"):
            await following(delivery)


@dataclass(frozen=True, slots=True)
class Observing:
    """Around the handler: counts what was handled, and how long it took, commit included."""

    metrics: SubscriptionMetrics

    async def __call__(self, delivery: Delivery, following: Next) -> None:
        started = perf_counter()
        event = delivery.event
        assert event is not None  # noqa: S101 - decoded by the stage before
        with bind(order_id=getattr(event, "order_id", None), correlation_id=event.correlation_id):
            await following(delivery)
        self.metrics.processed.inc()
        self.metrics.handler_seconds.observe(perf_counter() - started)
