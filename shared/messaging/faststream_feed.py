"""Where FastStream is fed by the continuous pull, by its one private hook; nowhere else.

A batch subscriber gets whatever has arrived together, at once: FastStream's own work for one
`consume` (33 µs) is then shared by the batch, and alone a message waits for no other. The test
beside (`tests/integration/shared/messaging/test_faststream_feed.py`) fails when FastStream
changes the hook.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from faststream import AckPolicy
from faststream.nats import JStream, NatsBroker, PullSub
from faststream.nats.message import NatsBatchMessage
from nats.aio.msg import Msg

from shared.events import Event, published
from shared.events.topology import Hearing
from shared.messaging.client import EventMsg
from shared.messaging.pull import ContinuousPull, Deliver

Batch = list[EventMsg]
HandleBatch = Callable[[Batch], Awaitable[None]]


def subscribe(
    broker: NatsBroker,
    subscription: Hearing,
    event_type: type[Event],
    handle: HandleBatch,
    *,
    description: str,
) -> tuple[Deliver, Callable[[ContinuousPull], None]]:
    """Declare a subscriber; return where to deliver batches, and what ties a pull to it.

    The pull's life is tied to the subscriber's: FastStream lets go of it when it stops.
    """
    subscriber = broker.subscriber(
        subscription.subject,
        durable=subscription.durable,
        stream=JStream(subscription.stream, declare=False),
        pull_sub=PullSub(batch=True),
        ack_policy=AckPolicy.MANUAL,  # the pipeline settles each message by itself
        parser=_as_it_came,
        decoder=_undecoded,
        no_reply=True,
        title=subscription.durable,
        description=description,
    )

    async def consume(messages: Batch) -> None:
        await handle(messages)

    # What AsyncAPI shows as the payload; at run time the messages pass untouched.
    consume.__annotations__["messages"] = list[published(event_type)]  # type: ignore[misc]  # at run time
    subscriber(consume)

    def tie(pull: ContinuousPull) -> None:
        async def create_subscription() -> None:
            subscriber.subscription = pull  # type: ignore[assignment]  # it only unsubscribes it

        subscriber._create_subscription = create_subscription  # type: ignore[method-assign]

    return subscriber.consume, tie


async def _as_it_came(messages: list[Msg]) -> NatsBatchMessage:
    return NatsBatchMessage(raw_message=messages, body=[], headers={}, batch_headers=[])


async def _undecoded(message: Any) -> Batch:
    batch: Batch = message.raw_message
    return batch
