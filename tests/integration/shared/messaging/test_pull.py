"""The continuous pull by itself: what it asks the broker for."""

from nats.aio.msg import Msg

from shared.messaging.client import EventClient, EventMsg
from shared.messaging.pull import ContinuousPull
from shared.messaging.topology_setup import ensure_consumer
from tests.eventually import until
from tests.integration.shared.shop_floor import Floor
from tests.integration.shared.toy import SUBSCRIPTION

CAPACITY = 40
EVENTS = 400


async def test_a_request_asks_for_a_quarter_of_all_places_at_the_least(floor: Floor) -> None:
    """However singly they get free: a request costs the broker as much as the message it brings."""
    requests: list[Msg] = []
    handled: list[EventMsg] = []

    async def requested(msg: Msg) -> None:
        requests.append(msg)

    async def take(batch: list[EventMsg]) -> None:
        for msg in batch:
            await msg.ack()
            handled.append(msg)
            pull.release([msg])

    listening = await floor.broker.subscribe("$JS.API.CONSUMER.MSG.NEXT.>", cb=requested)
    client = EventClient()
    await client.connect(floor.servers.nats_url)
    pull = ContinuousPull(
        SUBSCRIPTION,
        take,
        capacity=CAPACITY,
        ensure=lambda: ensure_consumer(floor.jetstream, SUBSCRIPTION),
        ack_wait_s=10,
    )
    await floor.order(*(f"c{number}" for number in range(EVENTS)))
    await pull.start(client)
    await until(lambda: len(handled) == EVENTS)
    await pull.stop(1)
    await client.close()
    await floor.broker.flush()
    await listening.unsubscribe()

    assert 1 <= len(requests) <= EVENTS // (CAPACITY // 4) + 1
