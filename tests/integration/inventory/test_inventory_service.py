"""The service as a whole: HTTP in front, JetStream behind, on real servers."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from httpx import AsyncClient, Response
from nats.js import JetStreamContext

from services.inventory.settings import InventorySettings
from shared.events import EVENTS, Event, StockRejected, StockReserved
from shared.events.topology import INVENTORY
from tests.eventually import eventually
from tests.integration.in_process import publish
from tests.integration.inventory.running import (
    DEADLINE_S,
    MUG,
    fresh,
    real_order,
    running,
    stock,
    stock_up,
)
from tests.integration.settings import CUSTOMER, OPERATOR
from tests.unit.inventory.stories import cancelled, confirmed

CSV = {"Content-Type": "text/csv; charset=utf-8"}
HEADER = "sku,name,price_cents,currency,quantity\n"


@pytest.fixture(scope="module")
async def client(settings: InventorySettings) -> AsyncIterator[AsyncClient]:
    async with running(settings) as client:
        yield client


async def test_an_order_is_reserved_sold_and_released_by_its_events(
    client: AsyncClient, jetstream: JetStreamContext
) -> None:
    await stock_up(client, "mug", 10)
    order = real_order(("mug", 3))
    await publish(jetstream, order)
    await eventually(lambda: stock(client, "mug"), (7, 3, 0, 10))
    await publish(jetstream, fresh(confirmed(order)))
    await eventually(lambda: stock(client, "mug"), (7, 0, 3, 10))
    await publish(jetstream, fresh(cancelled(order)))
    await eventually(lambda: stock(client, "mug"), (10, 0, 0, 10))


async def test_what_inventory_says_is_in_its_stream_and_names_its_cause(
    client: AsyncClient, jetstream: JetStreamContext
) -> None:
    await stock_up(client, "mug", 1)
    good, short = real_order(("mug", 1)), real_order(("mug", 1))
    answers = await jetstream.subscribe(f"{INVENTORY.prefix}.>", ordered_consumer=True)
    await publish(jetstream, good)
    await eventually(lambda: stock(client, "mug"), (0, 1, 0, 1))
    await publish(jetstream, short)
    said: dict[Any, Event] = {}
    types: dict[str, type[Event]] = {it.subject: it for it in EVENTS}
    while short.event_id not in said:
        message = await answers.next_msg(DEADLINE_S)
        event = types[message.subject].from_bytes(message.data)
        said[event.causation_id] = event
    assert isinstance(said[good.event_id], StockReserved)
    assert isinstance(said[short.event_id], StockRejected)
    await answers.unsubscribe()


async def test_the_same_event_under_another_message_id_counts_once(
    client: AsyncClient, jetstream: JetStreamContext
) -> None:
    await stock_up(client, "mug", 10)
    order, last = real_order(("mug", 3)), real_order(("mug", 1))
    for event in (order, order, order, last):
        await publish(jetstream, event)
    await eventually(lambda: stock(client, "mug"), (6, 4, 0, 10))


async def test_a_confirmation_that_overtakes_its_order_is_tried_again(
    client: AsyncClient, jetstream: JetStreamContext
) -> None:
    await stock_up(client, "mug", 10)
    order = real_order(("mug", 3))
    await publish(jetstream, fresh(confirmed(order)))
    await publish(jetstream, order)
    await eventually(lambda: stock(client, "mug"), (7, 0, 3, 10))


async def test_a_product_is_made_then_changed_and_anyone_may_read_it(client: AsyncClient) -> None:
    made = await client.put("/products/mug", json=MUG, headers=OPERATOR)
    changed = await client.put("/products/mug", json={**MUG, "name": "Mug"}, headers=OPERATOR)
    assert (made.status_code, changed.status_code) == (201, 200)
    assert (await client.get("/products/mug")).json() == {
        "sku": "mug",
        "name": "Mug",
        "price_cents": 795,
        "currency": "EUR",
        "on_hand": 0,
        "reserved": 0,
        "available": 0,
        "sold": 0,
        "received": 0,
    }


async def test_a_receipt_counts_once_and_another_quantity_is_a_conflict(
    client: AsyncClient,
) -> None:
    await stock_up(client, "mug", 5)

    async def post(sku: str, quantity: int) -> Response:
        body = {"quantity": quantity, "reference": "note 1"}
        return await client.post(f"/products/{sku}/receipts", json=body, headers=OPERATOR)

    again = await post("mug", 5)
    assert (again.status_code, again.json()["received"]) == (200, 5)
    assert (await post("mug", 6)).status_code == 409
    missing = await post("ghost", 5)
    assert (missing.status_code, missing.headers["content-type"]) == (
        404,
        "application/problem+json",
    )


async def test_the_list_is_read_to_its_end_page_by_page(client: AsyncClient) -> None:
    lines = "".join(f"S{n:03},Product {n},1,EUR,1\n" for n in range(25))
    await client.post("/products/import", content=HEADER + lines, headers=OPERATOR | CSV)
    skus: list[str] = []
    query: dict[str, str | int] = {"limit": 10}
    while True:
        page = (await client.get("/products", params=query)).json()
        skus += [product["sku"] for product in page["products"]]
        if page["next_cursor"] is None:
            break
        query["cursor"] = page["next_cursor"]
    assert skus == [f"S{n:03}" for n in range(25)]


async def test_a_file_is_imported_once(client: AsyncClient) -> None:
    text = HEADER + "mug,Mug,795,EUR,5\nbad,,1,EUR,1\n"
    first, again = [
        (await client.post("/products/import", content=text, headers=OPERATOR | CSV)).json()
        for _ in range(2)
    ]
    rejected = [{"line": 3, "reason": "name must have 1 to 200 characters"}]
    expected = {"imported": 1, "rejected": rejected, "rejected_count": 1}
    assert first == {**expected, "repeated": 0}
    assert again == {**expected, "repeated": 1}
    assert await stock(client, "mug") == (5, 0, 0, 5)


async def test_a_file_of_megabytes_passes_where_another_body_does_not(
    client: AsyncClient,
) -> None:
    text = HEADER + "".join(f"S{n},{'x' * 150},1,EUR,1\n" for n in range(3000))
    answer = await client.post("/products/import", content=text, headers=OPERATOR | CSV)
    assert answer.json()["imported"] == 3000
    large = {**MUG, "name": "x" * 300_000}
    assert (await client.put("/products/mug", json=large, headers=OPERATOR)).status_code == 413
    over = HEADER + "x" * 1_000_000
    answer = await client.post("/products/import", content=over, headers=OPERATOR | CSV)
    assert answer.status_code == 413


async def test_a_file_without_a_column_is_refused_and_the_column_named(
    client: AsyncClient,
) -> None:
    text = "sku,name,currency,quantity\nmug,Mug,EUR,5\n"
    answer = await client.post("/products/import", content=text, headers=OPERATOR | CSV)
    assert answer.status_code == 422
    assert answer.json()["errors"] == [
        {"field": "price_cents", "message": "is missing from the header"}
    ]


async def test_a_file_of_another_type_is_refused(client: AsyncClient) -> None:
    headers = OPERATOR | {"Content-Type": "application/json"}
    answer = await client.post("/products/import", content="[]", headers=headers)
    assert answer.status_code == 415


@pytest.mark.parametrize(("headers", "status"), [({}, 401), (CUSTOMER, 403)])
async def test_only_operators_change_anything(
    client: AsyncClient, headers: dict[str, str], status: int
) -> None:
    receipt = {"quantity": 1, "reference": "note 1"}
    answers = [
        await client.put("/products/mug", json=MUG, headers=headers),
        await client.post("/products/mug/receipts", json=receipt, headers=headers),
        await client.post("/products/import", content=HEADER, headers=headers | CSV),
    ]
    assert [answer.status_code for answer in answers] == [status] * 3
    assert (await client.get("/products/mug")).status_code == 404


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/products?limit=0", "limit"),
        ("/products?limit=501", "limit"),
        ("/products?cursor=nonsense", "cursor"),
        (f"/products/{'x' * 65}", "sku"),
        ("/products/%00", "sku"),
        ("/products/%20mug", "sku"),
    ],
)
async def test_a_bad_query_names_its_field(client: AsyncClient, path: str, field: str) -> None:
    answer = await client.get(path)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]
