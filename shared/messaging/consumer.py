"""A service's ears: which handler hears which event, and the stages around each handler.

consumer = Consumer("inventory", broker, ...)

@consumer.on(OrderPlaced)
async def on_order_placed(event: OrderPlaced) -> None:
    await reserve_stock(warehouse, event)
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from faststream.nats import NatsBroker

from shared.events import Event
from shared.events.topology import CONSUMER_LIMITS, Hearing, Replays, Subscription
from shared.messaging import faststream_feed
from shared.messaging.advisories import Advisories
from shared.messaging.client import EventClient, EventMsg
from shared.messaging.dead_letters import DeadLetters
from shared.messaging.desk.way_back import WayBack
from shared.messaging.idempotency import Seen
from shared.messaging.observing import Observing, Tracing
from shared.messaging.outage import Patience
from shared.messaging.pipeline import Delivery, Next, decoding, stack
from shared.messaging.pull import LOOK_EVERY_S, ContinuousPull
from shared.messaging.retry import Settling
from shared.messaging.topology_setup import ensure_consumer
from shared.metrics import Metrics
from shared.tasks import end

E = TypeVar("E", bound=Event)
Handler = Callable[[E], Awaitable[None]]


class Consumer:
    """The consumer group of one service, as one process of it takes part.

    Args:
        group: the service's name.
        workers: messages in hand at once, for each subscription.
        max_deliveries: after so many an event that keeps failing becomes a dead letter.
    """

    def __init__(
        self,
        group: str,
        broker: NatsBroker,
        *,
        seen: Seen,
        metrics: Metrics,
        workers: int,
        max_deliveries: int,
    ) -> None:
        self.group = group
        self._broker = broker
        self._seen = seen
        self._metrics = metrics
        self._workers = workers
        self._max_deliveries = max_deliveries
        self._dead_letters = DeadLetters(lambda: self._jetstream)
        self._way_back = WayBack(
            group,
            lambda: self._jetstream,
            metrics=metrics.consumers.of(Replays(group).durable),
            max_deliveries=max_deliveries,
        )
        self._pulls: list[ContinuousPull] = []
        self._replays: ContinuousPull | None = None

    def on(self, event_type: type[E]) -> Callable[[Handler[E]], Handler[E]]:
        """Register a handler; it takes one event and calls one use case."""

        def register(handler: Handler[E]) -> Handler[E]:
            self._subscribe(Subscription(self.group, event_type.__name__), event_type, handler)
            return handler

        return register

    async def start(self) -> None:
        """Begin to pull; the broker has started before."""
        connection: EventClient = self._broker.config.connection_state.connection
        self._jetstream = self._broker.config.connection_state.stream
        self._marking = asyncio.create_task(self._seen.keep_sending(), name="seen-marks")
        durables = [pull.subscription.durable for pull in self._pulls]
        await Advisories(durables, self._metrics.consumers).start(connection)
        await asyncio.gather(*(pull.start(connection) for pull in self._pulls))
        self._watching = asyncio.create_task(self._watch(), name="watch-pulls")

    def reconnected(self) -> None:
        for pull in self._pulls:
            pull.reconnected()

    async def measure_lag(self) -> None:
        """Ask the broker how far behind each subscription is, for the metric."""
        for pull in self._pulls:
            subscription = pull.subscription
            info = await self._jetstream.consumer_info(subscription.stream, subscription.durable)
            lag = (info.num_pending or 0) + (info.num_ack_pending or 0)
            self._metrics.consumers.lag.labels(subscription.durable).set(lag)

    async def stop(self, deadline_s: float) -> None:
        """Ask for no more, finish what is in hand, give back the rest."""
        await asyncio.gather(*(pull.stop(deadline_s) for pull in self._pulls))
        await end([self._watching, self._marking])
        await self._seen.send()

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            await asyncio.gather(*(pull.look_after() for pull in self._pulls))

    def _subscribe(
        self, subscription: Subscription, event_type: type[E], handler: Handler[E]
    ) -> None:
        async def handle(msg: EventMsg) -> None:
            await stages(Delivery(msg, subscription))

        async def call_handler(delivery: Delivery) -> None:
            await handler(delivery.event)  # type: ignore[arg-type]  # decoded as `event_type`

        pull = self._pull(subscription, event_type, handle, description=_purpose(handler))
        stages = self._around(call_handler, subscription, event_type, pull)
        self._way_back.add(subscription, event_type, call_handler, self._hear_replays())

    def _hear_replays(self) -> ContinuousPull:
        """Return the one pull for dead letters that are replayed, of whatever event type."""
        if self._replays is None:
            self._replays = self._pull(
                self._way_back.replays,
                Event,
                self._way_back.handle,
                description="Dead letters of this group alone, replayed by an operator.",
            )
        return self._replays

    def _pull(
        self,
        heard: Hearing,
        event_type: type[Event],
        handle: Callable[[EventMsg], Awaitable[None]],
        *,
        description: str,
    ) -> ContinuousPull:
        async def handle_batch(batch: list[EventMsg]) -> None:
            if len(batch) == 1:
                await handle_one(batch[0])
            else:
                await asyncio.gather(*map(handle_one, batch))

        async def handle_one(msg: EventMsg) -> None:
            try:
                await handle(msg)
            finally:
                if not pull.closing or msg.is_acked:
                    pull.release(msg)

        deliver, tie = faststream_feed.subscribe(
            self._broker, heard, event_type, handle_batch, description=description
        )
        pull = ContinuousPull(
            heard,
            deliver,
            capacity=self._workers,
            ensure=lambda: ensure_consumer(self._jetstream, heard),
            ack_wait_s=CONSUMER_LIMITS.ack_wait.total_seconds(),
        )
        tie(pull)
        self._pulls.append(pull)
        return pull

    def _around(
        self,
        call_handler: Next,
        subscription: Subscription,
        event_type: type[Event],
        pull: ContinuousPull,
    ) -> Next:
        """Stack the stages: the order in which a message passes them."""
        metrics = self._metrics.consumers.of(subscription.durable)
        return stack(
            [
                Tracing(),
                Settling(self._dead_letters, metrics, self._max_deliveries),
                decoding(event_type.from_bytes),
                self._seen,
                Observing(metrics),
                Patience(pull),
            ],
            call_handler,
        )


def _purpose(handler: Callable[..., object]) -> str:
    return (handler.__doc__ or handler.__name__.replace("_", " ")).strip()
