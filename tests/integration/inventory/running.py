"""The whole service in the test's own process: HTTP in front, JetStream behind."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from httpx import ASGITransport, AsyncClient
from nats.js import JetStreamContext

from services.inventory.main import build
from services.inventory.settings import InventorySettings
from shared.clock import new_id, utc_now
from shared.events import Event, OrderPlaced
from tests.unit.inventory.stories import placed

OPERATOR = {"Authorization": "Bearer operator-token"}
CUSTOMER = {"Authorization": "Bearer customer-token"}
MUG = {"name": "Mug, blue", "price_cents": 795, "currency": "EUR"}
DEADLINE_S = 10


@asynccontextmanager
async def running(settings: InventorySettings) -> AsyncIterator[AsyncClient]:
    """Run a service of its own; two at once would share the events between them."""
    app = build(settings)
    async with (
        app.router.lifespan_context(app),
        AsyncClient(transport=ASGITransport(app), base_url="http://inventory") as client,
    ):
        yield client


async def publish(jetstream: JetStreamContext, event: Event) -> None:
    await jetstream.publish(event.subject, event.to_bytes())


async def eventually(look: Callable[[], Awaitable[Any]], expected: object) -> None:
    """Wait until what is seen is what is expected, or fail with what is seen at the end."""
    end = asyncio.get_running_loop().time() + DEADLINE_S
    while (seen := await look()) != expected and asyncio.get_running_loop().time() < end:
        await asyncio.sleep(0.01)
    assert seen == expected


def real_order(*lines: tuple[str, int]) -> OrderPlaced:
    return placed(*lines, order_id=new_id()).model_copy(
        update={"event_id": new_id(), "timestamp": utc_now()}
    )


def fresh(event: Event) -> Event:
    """Return the event under an id as the log would hold it: stories count theirs from 1."""
    return event.model_copy(update={"event_id": new_id()})


async def stock(client: AsyncClient, sku: str) -> tuple[int, int, int, int]:
    """Return what is on hand, reserved, sold and received."""
    product = (await client.get(f"/products/{sku}")).json()
    assert product["available"] == product["on_hand"]
    return product["on_hand"], product["reserved"], product["sold"], product["received"]


async def stock_up(client: AsyncClient, sku: str, quantity: int) -> None:
    await client.put(f"/products/{sku}", json=MUG, headers=OPERATOR)
    body = {"quantity": quantity, "reference": "note 1"}
    answer = await client.post(f"/products/{sku}/receipts", json=body, headers=OPERATOR)
    assert answer.status_code == 201
