"""A service's ears: which handler hears which event, and the stages around each handler.

consumer = Consumer("inventory", broker, ...)

@consumer.deciding(OrderPlaced, commits)
def on_order_placed(event: OrderPlaced) -> Work[...]:
    return reserve_stock(event, at=clock())

@consumer.on(OrderConfirmed)
async def on_order_confirmed(event: OrderConfirmed) -> None:
    await mailroom.announce(event)

What asks for nothing but a decision is handled together with all that came with it
(`DecidedTogether`); a handler that has to wait for others, in a task of its own (`FirstTry`). Both
go in hope; what does not get through so goes through the stages.
"""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, TypeVar

from faststream.nats import NatsBroker

from shared.events import Event
from shared.events.topology import CONSUMER_LIMITS, Hearing, Replays, Subscription
from shared.messaging import faststream_feed
from shared.messaging.advisories import Advisories
from shared.messaging.batches import Alone, Batches, Together
from shared.messaging.client import EventClient, EventMsg
from shared.messaging.dead_letters import DeadLetters
from shared.messaging.desk.way_back import WayBack
from shared.messaging.finished import Finished
from shared.messaging.first_try import FirstTry, after_first_try
from shared.messaging.gathering_pull import GatheringPull
from shared.messaging.idempotency import Seen
from shared.messaging.observing import Observing, Tracing
from shared.messaging.outage import Patience
from shared.messaging.pipeline import Delivery, Next, decoding, stack
from shared.messaging.pull import LOOK_EVERY_S, ContinuousPull
from shared.messaging.retry import Settling
from shared.messaging.together import Decide, DecidedTogether
from shared.messaging.topology_setup import ensure_consumer
from shared.metrics import Metrics
from shared.persistence.group_commit import GroupCommit
from shared.tasks import end

E = TypeVar("E", bound=Event)
Handler = Callable[[E], Awaitable[None]]
Deciding = Callable[[Decide[E]], Decide[E]]


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

    def on(
        self, event_type: type[E], *, linger_s: float = 0.0
    ) -> Callable[[Handler[E]], Handler[E]]:
        """Register a handler; it takes one event and calls one use case.

        Args:
            linger_s: how long events gather at the broker; only where nobody waits for them.
        """

        def register(handler: Handler[E]) -> Handler[E]:
            async def call_handler(delivery: Delivery) -> None:
                await handler(delivery.event)  # type: ignore[arg-type]  # decoded as `event_type`

            self._subscribe(
                event_type,
                call_handler,
                handler=handler,
                description=_purpose(handler),
                linger_s=linger_s,
            )
            return handler

        return register

    def deciding(
        self, event_type: type[E], commits: GroupCommit[Any, Any], *, linger_s: float = 0.0
    ) -> Deciding[E]:
        """Register a handler that only decides: it returns the work for the group commit.

        `linger_s` as in `on`.
        """

        def register(decide: Decide[E]) -> Decide[E]:
            async def call_handler(delivery: Delivery) -> None:
                await commits.run(decide(delivery.event))  # type: ignore[arg-type]  # as above

            self._subscribe(
                event_type,
                call_handler,
                together=DecidedTogether(event_type, decide, commits, self._finished(event_type)),
                description=_purpose(decide),
                linger_s=linger_s,
            )
            return decide

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

    def _heard(self, event_type: type[Event]) -> Subscription:
        return Subscription(self.group, event_type.__name__)

    def _finished(self, event_type: type[Event]) -> Finished:
        return Finished(self._seen, self._metrics.consumers.of(self._heard(event_type).durable))

    def _subscribe(
        self,
        event_type: type[Event],
        call_handler: Next,
        *,
        handler: Handler[Any] | None = None,
        together: Together | None = None,
        description: str,
        linger_s: float = 0.0,
    ) -> None:
        async def by_the_stages(msg: EventMsg, failed: Exception | None = None) -> None:
            await stages(Delivery(msg, subscription, failed=failed))

        subscription = self._heard(event_type)
        alone: Alone = by_the_stages
        if handler is not None:
            alone = FirstTry(event_type, handler, self._finished(event_type), by_the_stages)
        batches = Batches(alone, together)
        pull = self._pull(
            subscription, event_type, batches, description=description, linger_s=linger_s
        )
        stages = self._around(call_handler, subscription, event_type, pull)
        self._way_back.add(subscription, event_type, call_handler, self._hear_replays())

    def _hear_replays(self) -> ContinuousPull:
        """Return the one pull for dead letters that are replayed, of whatever event type."""
        if self._replays is None:
            self._replays = self._pull(
                self._way_back.replays,
                Event,
                Batches(self._way_back.handle),
                description="Dead letters of this group alone, replayed by an operator.",
            )
        return self._replays

    def _pull(
        self,
        heard: Hearing,
        event_type: type[Event],
        batches: Batches,
        *,
        description: str,
        linger_s: float = 0.0,
    ) -> ContinuousPull:
        deliver, tie = faststream_feed.subscribe(
            self._broker, heard, event_type, batches.handle, description=description
        )
        pull_class = partial(GatheringPull, linger_s=linger_s) if linger_s else ContinuousPull
        batches.pull = pull = pull_class(
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
                after_first_try,
            ],
            call_handler,
        )


def _purpose(handler: Callable[..., object]) -> str:
    return (handler.__doc__ or handler.__name__.replace("_", " ")).strip()
