"""FastStream is fed by its one private hook: these fail when FastStream changes it."""

import inspect

from faststream.nats import NatsBroker
from faststream.nats.subscriber.usecases.stream_basic import StreamSubscriber
from faststream.nats.subscriber.usecases.stream_pull_subscriber import BatchPullStreamSubscriber

from shared.events import OrderPlaced
from shared.messaging import faststream_feed
from shared.messaging.client import EventClient, EventMsg
from shared.messaging.pull import ContinuousPull
from tests.integration.shared.shop_floor import Floor
from tests.integration.shared.toy import SUBSCRIPTION, Toy, placed


def test_the_hook_is_where_it_was() -> None:
    assert inspect.iscoroutinefunction(BatchPullStreamSubscriber._create_subscription)
    assert "_create_subscription" in inspect.getsource(BatchPullStreamSubscriber.start) or (
        "_create_subscription" in inspect.getsource(StreamSubscriber.start)
    )


async def test_a_started_subscriber_asks_our_hook_and_pulls_nothing_itself(floor: Floor) -> None:
    heard: list[bytes] = []

    async def handle(batch: list[EventMsg]) -> None:
        heard.extend(msg.data for msg in batch)

    broker = NatsBroker(floor.servers.nats_url, apply_types=False, logger=None)
    deliver, tie = faststream_feed.subscribe(
        broker, SUBSCRIPTION, OrderPlaced, handle, description="as in the tests"
    )
    unsubscribed: list[bool] = []

    class Pull(ContinuousPull):
        def __init__(self) -> None:
            pass

        async def unsubscribe(self) -> None:
            unsubscribed.append(True)

    pull = Pull()
    tie(pull)
    await floor.order("ada")
    await broker.start()
    (subscriber,) = broker.subscribers
    assert getattr(subscriber, "subscription", None) is pull
    client = EventClient()
    batch = [EventMsg(client, "orders.placed", "", data, b"") for data in (b"1", b"2")]
    await deliver(batch)
    assert heard == [b"1", b"2"]
    await broker.stop()
    assert unsubscribed
    assert await floor.waiting() == (1, 0)  # nobody else has pulled


async def test_a_handler_gets_the_event_as_it_was_published(floor: Floor, toy: Toy) -> None:
    said = []

    async def note(event: OrderPlaced) -> None:
        said.append(event)

    toy.before = note
    event = placed("Zoë")
    await floor.publish([event])
    await floor.finished(1)
    assert said == [event]
