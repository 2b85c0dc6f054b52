"""The outermost stage: counts, times and traces a delivery, and names its order in every log."""

from collections.abc import Awaitable
from dataclasses import dataclass
from time import perf_counter

from shared.messaging.pipeline import Delivery, Next
from shared.metrics import SubscriptionMetrics
from shared.telemetry import bind, is_tracing, span_from


@dataclass(frozen=True, slots=True)
class Tracing:
    """A span around everything, under the trace that came with the message."""

    def __call__(self, delivery: Delivery, following: Next) -> Awaitable[None]:
        return self._traced(delivery, following) if is_tracing() else following(delivery)

    async def _traced(self, delivery: Delivery, following: Next) -> None:
        parent = delivery.msg.headers.get("traceparent")
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
        # Never taken back: each message is handled in a task, and so in a context, of its own.
        bind(order_id=getattr(event, "order_id", None), correlation_id=event.correlation_id)
        await following(delivery)
        self.metrics.processed.inc()
        self.metrics.handler_seconds.observe(perf_counter() - started)
