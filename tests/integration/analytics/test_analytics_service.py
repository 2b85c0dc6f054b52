"""The whole service on its servers: from the streams to the reports over HTTP."""

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import httpx
import pytest
from nats.js import JetStreamContext
from nats.js.api import DeliverPolicy
from nats.js.errors import NotFoundError
from redis.asyncio import Redis

from services.analytics.main import build
from services.analytics.settings import AnalyticsSettings
from shared.events import EVENTS, Event
from shared.events.topology import STREAMS, SUBSCRIPTIONS
from shared.messaging.topology_setup import ensure_consumer
from shopctl.servers import Servers
from tests.eventually import eventually
from tests.integration import in_process
from tests.integration.analytics.stored import stored
from tests.integration.in_process import publish
from tests.integration.settings import OPERATOR, settings_on
from tests.unit.analytics.recount import recount
from tests.unit.analytics.stories import START, Story, product_changed

DURABLES = [one for one in SUBSCRIPTIONS if one.group == "analytics"]


@pytest.fixture
def settings(servers: Servers, database_url: str) -> AnalyticsSettings:
    return settings_on(AnalyticsSettings, servers, database_url)


@pytest.fixture
async def jetstream(jetstream: JetStreamContext) -> JetStreamContext:
    """JetStream with empty streams and with durables that have heard nothing."""
    for stream in STREAMS:
        await jetstream.purge_stream(stream.name)
    await forget_what_was_heard(jetstream)
    return jetstream


@asynccontextmanager
async def running(settings: AnalyticsSettings) -> AsyncIterator[httpx.AsyncClient]:
    async with in_process.running(build(settings), headers=OPERATOR) as client:
        yield client


async def forget_what_was_heard(jetstream: JetStreamContext) -> None:
    """Make the durables anew: every message is delivered once more."""
    for durable in DURABLES:
        try:
            await jetstream.delete_consumer(durable.stream, durable.durable)
        except NotFoundError:
            continue
        finally:
            await ensure_consumer(jetstream, durable)


async def everything_was_heard(jetstream: JetStreamContext) -> bool:
    for durable in DURABLES:
        info = await jetstream.consumer_info(durable.stream, durable.durable)
        if info.num_pending or info.num_ack_pending:
            return False
    return True


async def read_again(jetstream: JetStreamContext) -> list[Event]:
    """Read the streams from their first message, as an auditor does."""
    type_of = {event_type.subject: event_type for event_type in EVENTS}
    history: list[Event] = []
    for stream in STREAMS[:3]:
        reader = await jetstream.subscribe(
            f"{stream.prefix}.>", ordered_consumer=True, deliver_policy=DeliverPolicy.ALL
        )
        for _ in range((await jetstream.stream_info(stream.name)).state.messages):
            message = await reader.next_msg()
            history.append(type_of[message.subject].from_bytes(message.data))
        await reader.unsubscribe()
    return history


async def reports(client: httpx.AsyncClient) -> list[Any]:
    """Ask for all four."""
    of_the_day = f"from={START:%Y-%m-%d}T00:00:00Z&to={START:%Y-%m-%d}T23:59:59Z"
    paths = ("summary", f"revenue?window=minute&{of_the_day}", "top-products", "payment-methods")
    return [(await client.get(f"/reports/{path}")).raise_for_status().json() for path in paths]


def history_of_every_type() -> list[Event]:
    sold, taken_back, rejected = Story(), Story(customer_id="bert"), Story(customer_id="carl")
    return [
        product_changed(),
        *(story.placed() for story in (sold, taken_back, rejected)),
        *(story.reserved(1) for story in (sold, taken_back)),
        *(story.paid(2) for story in (sold, taken_back)),
        *(story.confirmed(3) for story in (sold, taken_back)),
        sold.shipped(4),
        rejected.rejected(1),
        rejected.cancelled(1),
        taken_back.cancelled(5),
        taken_back.released(5),
        taken_back.refunded(6),
    ]


async def test_every_event_is_heard_and_no_order_or_repeat_of_them_changes_a_report(
    settings: AnalyticsSettings, jetstream: JetStreamContext, connection: asyncpg.Connection
) -> None:
    history = [event for _ in range(20) for event in history_of_every_type()]
    assert {type(event) for event in history} == set(EVENTS)
    chance = random.Random(4)
    async with running(settings) as client:
        await publish(jetstream, *chance.sample(history, len(history)))
        await eventually(lambda: everything_was_heard(jetstream))
        before = await reports(client)
        assert await stored(connection) == recount(history)

        await publish(jetstream, *chance.sample(history, len(history)))
        await eventually(lambda: everything_was_heard(jetstream))
        assert await stored(connection) == recount(await read_again(jetstream)) == recount(history)
        assert await reports(client) == before
    summary, revenue, products, methods = before
    assert (summary["orders_placed"], summary["orders_shipped"]) == (60, 20)
    assert summary["revenue_cents"] == sum(window["revenue_cents"] for window in revenue["windows"])
    assert summary["revenue_cents"] == 20 * 2500
    assert [product["quantity"] for product in products["products"]] == [80]
    assert [method["succeeded"] for method in methods["methods"]] == [40]


async def test_what_is_delivered_again_without_redis_changes_nothing(
    settings: AnalyticsSettings, jetstream: JetStreamContext, connection: asyncpg.Connection
) -> None:
    history = history_of_every_type()
    await publish(jetstream, *history)
    async with running(settings):
        await eventually(lambda: everything_was_heard(jetstream))
    async with Redis.from_url(settings.redis_url) as redis:
        await redis.flushall()
    await forget_what_was_heard(jetstream)
    async with running(settings):
        await eventually(lambda: everything_was_heard(jetstream))
    assert await stored(connection) == recount(history)


async def test_two_replicas_share_the_events(
    settings: AnalyticsSettings, jetstream: JetStreamContext, connection: asyncpg.Connection
) -> None:
    history = [event for _ in range(50) for event in history_of_every_type()]
    async with running(settings), running(settings):
        await publish(jetstream, *history)
        await eventually(lambda: everything_was_heard(jetstream))
    assert await stored(connection) == recount(history)


async def test_a_late_event_changes_its_own_hour(
    settings: AnalyticsSettings, jetstream: JetStreamContext
) -> None:
    async with running(settings) as client:
        await publish(jetstream, Story().confirmed())
        await eventually(lambda: everything_was_heard(jetstream))
        await publish(jetstream, Story().confirmed(-300))
        await eventually(lambda: everything_was_heard(jetstream))
        answer = await client.get("/reports/revenue?window=hour&to=2025-02-01T00:00:00Z")
    report = answer.json()
    assert (report["window"], report["currency"]) == ("hour", "EUR")
    assert report["to"] == "2025-02-01T00:00:00Z"
    assert [(window["start"], window["revenue_cents"]) for window in report["windows"]] == [
        ("2025-01-31T18:00:00Z", 2500),
        ("2025-01-31T23:00:00Z", 2500),
    ]


async def test_what_is_no_event_goes_to_the_dead_letters_and_its_neighbours_are_counted(
    settings: AnalyticsSettings, jetstream: JetStreamContext, connection: asyncpg.Connection
) -> None:
    good = [Story().placed(), Story().confirmed()]
    async with running(settings):
        await jetstream.publish("orders.placed", b"{no event}")
        await publish(jetstream, *good)
        await eventually(lambda: everything_was_heard(jetstream))
    assert await stored(connection) == recount(good)
    letters = await jetstream.stream_info("DEAD_LETTERS")
    assert letters.state.messages == 1
