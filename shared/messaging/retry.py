"""Settling a delivery: acknowledge, try again later, or put aside for good.

| the stages below | becomes |
|---|---|
| returned | ack |
| AlreadyConsumed | ack |
| BadPayload, PermanentError | dead letter, then term |
| TransientError, anything else | nak with a delay; after `max_deliveries` dead letter, then term |
"""

import asyncio
import random
from dataclasses import dataclass

import structlog

from shared.errors import AlreadyConsumed, PermanentError
from shared.events import BadPayload
from shared.messaging.dead_letters import DeadLetters
from shared.messaging.pipeline import Delivery, Next
from shared.metrics import SubscriptionMetrics

log = structlog.get_logger(__name__)

FIRST_DELAY_S = 0.2
LONGEST_DELAY_S = 30.0


@dataclass(frozen=True, slots=True)
class Settling:
    """The outermost stage but one: whatever happens, the broker gets exactly one answer."""

    dead_letters: DeadLetters
    metrics: SubscriptionMetrics
    max_deliveries: int

    async def __call__(self, delivery: Delivery, following: Next) -> None:
        try:
            # Also on entry: a message that kills the process never gets to the end.
            if delivery.deliveries > self.max_deliveries:
                raise PermanentError("delivered too often without an outcome")
            await following(delivery)
        except AlreadyConsumed:
            self.metrics.duplicates.inc()
        except (BadPayload, PermanentError) as error:
            await self._put_aside(delivery, error)
            return
        except asyncio.CancelledError:
            raise  # shutdown: the pull gives it back
        except Exception as error:  # noqa: BLE001 - the edge: every failure becomes a nak or a letter
            await self._try_again(delivery, error)
            return
        await delivery.msg.ack()

    async def _try_again(self, delivery: Delivery, error: Exception) -> None:
        if delivery.deliveries >= self.max_deliveries:
            await self._put_aside(delivery, error)
            return
        delay_s = delay_after(delivery.deliveries)
        self.metrics.failed.inc()
        log.warning("consume.retry", **describe(delivery, error), delay_s=round(delay_s, 2))
        await delivery.msg.nak(delay=delay_s)

    async def _put_aside(self, delivery: Delivery, error: Exception) -> None:
        try:
            await self.dead_letters.put(delivery, error)
        except Exception as failure:  # noqa: BLE001 - not stored: the message must come back
            log.warning("dead_letter.not_stored", **describe(delivery, failure))
            await delivery.msg.nak(delay=delay_after(delivery.deliveries))
            return
        self.metrics.dead_lettered.inc()
        log.error("consume.dead_letter", **describe(delivery, error))
        await delivery.msg.term()


def delay_after(deliveries: int) -> float:
    """Return seconds to wait before the next try: doubling, bounded, with jitter of a half."""
    longest = min(LONGEST_DELAY_S, FIRST_DELAY_S * 2.0 ** min(deliveries - 1, 16))
    spread: float = random.uniform(0.5, 1.0)  # noqa: S311 - spreads retries; no secret
    return longest * spread


def describe(delivery: Delivery, error: Exception) -> dict[str, object]:
    """Return what a log line says of a delivery that went wrong."""
    event = delivery.event
    return {
        "durable": delivery.subscription.durable,
        "stream_seq": delivery.stream_seq,
        "deliveries": delivery.deliveries,
        "error": f"{type(error).__name__}: {error}"[:500],
        "event_id": str(event.event_id) if event else None,
        "order_id": str(getattr(event, "order_id", "")) or None,
        "correlation_id": str(event.correlation_id) if event else None,
    }
