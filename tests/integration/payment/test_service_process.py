"""The service as a process: it hears, charges, says, answers HTTP, and may die at any moment."""

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from nats.js import JetStreamContext

from shared.clock import new_id
from shared.events import StockReserved
from shopctl import services
from shopctl.ports import Ports
from shopctl.processes import Program
from shopctl.servers import Servers
from shopctl.supervisor import Supervisor
from tests.eventually import eventually
from tests.integration.in_process import publish
from tests.integration.payment.bookkeeping import ProviderBooks
from tests.integration.payment.replicas import PRICE, order_cancelled, stock_reserved

REPLICAS = ("payment-1", "payment-2")
TOKEN = {"Authorization": "Bearer customer"}
OPERATOR = {"Authorization": "Bearer operator"}


@pytest.fixture(scope="session")
async def processes(servers: Servers, database_url: str, world: Supervisor) -> list[Program]:
    env = {
        "SHOP_DATABASE_URL": database_url,
        "SHOP_NATS_URL": servers.nats_url,
        "SHOP_REDIS_URL": servers.redis_url,
        "SHOP_CUSTOMER_TOKEN": "customer",
        "SHOP_OPERATOR_TOKEN": "operator",
        "SHOP_PAYMENT_PROVIDER_URL": world.state.running["provider"].program.urls["url"],
        "SHOP_PAYMENT_SETTLE_EVERY_S": "0.2",
        "SHOP_PAYMENT_RECONCILE_EVERY_S": "0.2",
        "SHOP_PAYMENT_RECONCILE_GRACE_S": "1",
    }
    ports = Ports()

    async def start(name: str) -> Program:
        return await world.start(lambda: services.program(world.run_dir, ports, name, env=env))

    return list(await asyncio.gather(*map(start, REPLICAS)))


@pytest.fixture
async def http(processes: list[Program]) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=processes[1].urls["url"]) as client:
        yield client


async def status_of(http: httpx.AsyncClient, event: StockReserved) -> str | None:
    query = {"order_id": str(event.order_id)}
    answer = await http.get("/payments", params=query, headers=TOKEN)
    return answer.json()["status"] if answer.status_code == 200 else None


async def test_what_is_reserved_is_charged_and_can_be_read(
    http: httpx.AsyncClient, jetstream: JetStreamContext, books: ProviderBooks
) -> None:
    event = stock_reserved()
    await publish(jetstream, event)

    await eventually(lambda: status_of(http, event), "SUCCESS")
    query = {"order_id": str(event.order_id)}
    found = (await http.get("/payments", params=query, headers=TOKEN)).json()
    assert (found["amount_cents"], found["refunded_cents"], found["currency"]) == (PRICE, 0, "EUR")
    same = await http.get(f"/payments/{found['payment_id']}", headers=TOKEN)
    assert same.json() == found
    assert await books.movements(event.order_id) == [("charge", PRICE)]


async def test_what_is_cancelled_is_refunded(
    http: httpx.AsyncClient, jetstream: JetStreamContext, books: ProviderBooks
) -> None:
    event = stock_reserved()
    cancelled = order_cancelled(event)
    await publish(jetstream, event)

    await eventually(lambda: status_of(http, event), "SUCCESS")
    await publish(jetstream, cancelled)
    await eventually(lambda: status_of(http, event), "REFUNDED")
    assert (await books.held())[str(event.order_id)] == 0


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/payments?order_id=01890000-0000-7000-8000-000000000000", {}, 401),
        ("/payments?order_id=01890000-0000-7000-8000-000000000000", TOKEN, 404),
        ("/payments/01890000-0000-7000-8000-000000000000", TOKEN, 404),
        ("/payments?order_id=x", TOKEN, 422),
        ("/payments", TOKEN, 422),
        ("/payments/mismatches", {}, 401),
        ("/payments/mismatches", TOKEN, 403),
    ],
)
async def test_what_cannot_be_answered_is_a_problem(
    http: httpx.AsyncClient, path: str, headers: dict[str, str], status: int
) -> None:
    answer = await http.get(path, headers=headers)
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/problem+json"
    if status == 422:
        assert answer.json()["errors"][0]["field"] == "order_id"


async def test_a_process_killed_under_load_charges_nobody_twice(
    http: httpx.AsyncClient,
    jetstream: JetStreamContext,
    world: Supervisor,
    books: ProviderBooks,
) -> None:
    await books.misbehave("delay", seconds=0.3)
    events = [stock_reserved() for _ in range(300)]
    await publish(jetstream, *events)
    await eventually(lambda: books.movements(events[20].order_id), [("charge", PRICE)])
    await world.kill(REPLICAS[0])
    taken = await books.held()
    assert not all(str(event.order_id) in taken for event in events)  # it died in the midst
    await world.start_again(REPLICAS[0])

    async def all_paid() -> bool:
        return all([await status_of(http, event) == "SUCCESS" for event in events])

    await eventually(all_paid, within_s=60)
    held = await books.held()
    assert [held.get(str(event.order_id)) for event in events] == [PRICE] * len(events)


async def counted(http: httpx.AsyncClient) -> float:
    """Return how many charges without a payment this replica's gauge shows."""
    found = re.search(
        r'shop_payment_mismatches\{problem="charge_without_payment"\} (\S+)',
        (await http.get("/metrics")).text,
    )
    return float(found[1]) if found else 0


async def mismatches(http: httpx.AsyncClient, **query: str | int) -> dict[str, Any]:
    answer = await http.get("/payments/mismatches", params=query, headers=OPERATOR)
    page: dict[str, Any] = answer.raise_for_status().json()
    return page


@pytest.mark.usefixtures("books_begin")
async def test_mismatches_are_shown_to_operators_and_by_every_replicas_metrics(
    processes: list[Program], http: httpx.AsyncClient, books: ProviderBooks
) -> None:
    orders = [str(new_id()) for _ in range(3)]
    charges = [await books.charge_by_hand(it, 1, key=f"stray-{it}") for it in orders]
    await eventually(lambda: counted(http), 3.0)
    async with httpx.AsyncClient(base_url=processes[0].urls["url"]) as other:
        await eventually(lambda: counted(other), 3.0)

    first = await mismatches(http, limit=2)
    rest = await mismatches(http, limit=2, cursor=first["next_cursor"])
    assert [it["order_id"] for it in first["mismatches"] + rest["mismatches"]] == orders[::-1]
    assert (rest["next_cursor"], first["compared_at"] is None) == (None, False)
    assert (await mismatches(http, problem="second_charge"))["mismatches"] == []

    for order_id, charge_id in zip(orders, charges, strict=True):
        await books.refund_by_hand(order_id, 1, charge_id=charge_id, key=f"mended-{order_id}")
    await eventually(lambda: counted(http), 0.0)
    assert (await mismatches(http))["mismatches"] == []
    assert len((await mismatches(http, gone="true"))["mismatches"]) == len(orders)
