"""The short way for a handler that waits for others: no stage between it and the message.

In hope, as what is decided together goes: that the event comes for the first time and reads well,
and that its handler gets through. What fails goes on through the stages with the error of this
try. It counts there as the handler's first call, so nothing is called twice for one failure.
"""

from collections.abc import Awaitable, Callable
from time import perf_counter
from typing import Any, Protocol

from shared.events import Event
from shared.messaging.client import EventMsg
from shared.messaging.finished import Finished
from shared.messaging.pipeline import Delivery, Next, deliveries_of
from shared.telemetry import bind, is_tracing


class Otherwise(Protocol):
    """The way through the stages; `failed`: how the first try ended, if there was one."""

    async def __call__(self, msg: EventMsg, failed: Exception | None = None) -> None: ...


class FirstTry:
    """One subscription's messages, each handled alone, however that ends."""

    def __init__(
        self,
        event_type: type[Event],
        handler: Callable[[Any], Awaitable[None]],
        finished: Finished,
        otherwise: Otherwise,
    ) -> None:
        self._event_type = event_type
        self._handler = handler
        self._finished = finished
        self._otherwise = otherwise

    async def __call__(self, msg: EventMsg) -> None:
        if deliveries_of(msg) > 1 or is_tracing():  # Redis may know it; it has a span of its own
            await self._otherwise(msg)
            return
        started = perf_counter()
        try:
            event = self._event_type.from_bytes(msg.data)
            bind(order_id=getattr(event, "order_id", None), correlation_id=event.correlation_id)
            await self._handler(event)
        except Exception as error:  # noqa: BLE001 - the stages know what to make of it
            await self._otherwise(msg, error)
            return
        self._finished.note([msg], [event.event_id], seconds=perf_counter() - started)


async def after_first_try(delivery: Delivery, following: Next) -> None:
    """Let the first try be the first call of the handler; the innermost stage."""
    failed, delivery.failed = delivery.failed, None
    if failed is not None:
        raise failed
    await following(delivery)
