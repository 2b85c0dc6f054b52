"""The whole service, the orders it hears of, and its stock as HTTP shows it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from httpx import AsyncClient
from msgspec.structs import replace

from services.inventory.main import build
from services.inventory.settings import InventorySettings
from shared.clock import new_id, utc_now
from shared.events import Event, OrderPlaced
from tests.integration import in_process
from tests.integration.settings import OPERATOR
from tests.unit.inventory.stories import placed

MUG = {"name": "Mug, blue", "price_cents": 795, "currency": "EUR"}
DEADLINE_S = 10


@asynccontextmanager
async def running(settings: InventorySettings) -> AsyncIterator[AsyncClient]:
    """Run a service of its own; two at once would share the events between them."""
    async with in_process.running(build(settings)) as client:
        yield client


def real_order(*lines: tuple[str, int]) -> OrderPlaced:
    return replace(placed(*lines, order_id=new_id()), event_id=new_id(), timestamp=utc_now())


def fresh(event: Event) -> Event:
    """Return the event under an id as the log would hold it: stories count theirs from 1."""
    return replace(event, event_id=new_id())


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
