"""One order's way through the service: what it hears, says, shows and remembers."""

import asyncio
from datetime import timedelta

import pytest

from services.order.domain import Order
from services.order.history import from_row
from services.order.main import build
from services.order.repository import Needs, OrderRepository
from services.order.settings import OrderSettings
from shared.clock import new_id, utc_now
from shared.events import PaymentStatus
from shared.persistence.database import Database, KeptConnection
from tests.eventually import eventually
from tests.integration.in_process import running
from tests.integration.order.counter import (
    CUSTOMER,
    Counter,
    body,
    paid,
    product,
    rejected,
    released,
    reserved,
)

SHIPMENT = {"carrier": "post", "tracking_number": "42"}


async def test_an_order_is_placed_reserved_paid_and_shipped(counter: Counter) -> None:
    order_id = await counter.placed()
    fresh = await counter.read(order_id)
    assert (fresh["status"], fresh["version"], fresh["total_cents"]) == ("PLACED", 1, 3295)
    await counter.hear(reserved(order_id))
    await counter.reaches(order_id, "RESERVED")
    payment = paid(order_id)
    await counter.hear(payment)
    await counter.reaches(order_id, "CONFIRMED")
    answer = await counter.command(order_id, "ship", json=SHIPMENT)
    assert (answer.status_code, answer.json()["shipment"]) == (202, SHIPMENT)
    shipped = await counter.read(order_id)
    assert (shipped["status"], shipped["payment_id"]) == ("SHIPPED", str(payment.payment_id))
    assert await counter.history(order_id) == [
        "OrderPlaced",
        "OrderReserved",
        "OrderConfirmed",
        "OrderShipped",
    ]
    assert await counter.said(order_id) == ["orders.placed", "orders.confirmed", "orders.shipped"]


async def test_answers_that_overtake_each_other_and_come_twice(counter: Counter) -> None:
    order_id = await counter.placed()
    payment, reservation = paid(order_id), reserved(order_id)
    await counter.hear(payment, payment)
    await counter.consumed(payment)
    await counter.hear(reservation, reservation, payment)
    await counter.consumed(reservation)
    assert await counter.history(order_id) == ["OrderPlaced", "OrderConfirmed"]
    assert await counter.said(order_id) == ["orders.placed", "orders.confirmed"]


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (rejected, "OUT_OF_STOCK"),
        (lambda order_id: paid(order_id, PaymentStatus.FAILED), "PAYMENT_FAILED"),
        (lambda order_id: released(order_id, "EXPIRED"), "EXPIRED"),
    ],
)
async def test_a_bad_answer_cancels(counter: Counter, answer, reason: str) -> None:  # type: ignore[no-untyped-def]
    order_id = await counter.placed()
    await counter.hear(answer(order_id))
    await counter.reaches(order_id, "CANCELLED")
    assert (await counter.read(order_id))["cancel_reason"] == reason


async def test_a_cancellation_during_the_charge_stands(counter: Counter) -> None:
    """The charge succeeds afterwards: the order stays cancelled, payment hears it and refunds."""
    order_id = await counter.placed()
    await counter.hear(reserved(order_id))
    await counter.reaches(order_id, "RESERVED")
    answer = await counter.command(order_id, "cancel", CUSTOMER)
    assert (answer.status_code, answer.json()["status"]) == (202, "CANCELLED")
    payment = paid(order_id)
    await counter.hear(payment)
    await counter.consumed(payment)
    late = await counter.read(order_id)
    assert (late["status"], late["cancel_reason"]) == ("CANCELLED", "CUSTOMER_REQUEST")
    assert await counter.said(order_id) == ["orders.placed", "orders.cancelled"]


async def test_cancel_and_payment_at_once_have_one_outcome(counter: Counter) -> None:
    ids = [await counter.placed() for _ in range(10)]
    payments = [paid(order_id) for order_id in ids]
    await asyncio.gather(
        counter.hear(*payments),
        *(counter.command(order_id, "cancel", CUSTOMER) for order_id in ids),
    )
    await counter.consumed(*payments)
    for order_id in ids:
        assert (await counter.history(order_id))[-1] == "OrderCancelled"
        assert (await counter.said(order_id)).count("orders.cancelled") == 1


async def test_what_is_shipped_cannot_be_cancelled_and_only_confirmed_is_shipped(
    counter: Counter,
) -> None:
    order_id = await counter.placed()
    early = await counter.command(order_id, "ship", json=SHIPMENT)
    assert (early.status_code, "PLACED" in early.json()["detail"]) == (409, True)
    forbidden = await counter.command(order_id, "ship", CUSTOMER, json=SHIPMENT)
    assert forbidden.status_code == 403
    confirmed = await counter.confirmed()
    assert (await counter.command(confirmed, "ship", json=SHIPMENT)).status_code == 202
    late = await counter.command(confirmed, "cancel", CUSTOMER)
    assert (late.status_code, "SHIPPED" in late.json()["detail"]) == (409, True)


async def test_cancelling_twice_says_so_once(counter: Counter) -> None:
    order_id = await counter.placed()
    answers = [await counter.command(order_id, "cancel", CUSTOMER) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [202, 202]
    assert await counter.said(order_id) == ["orders.placed", "orders.cancelled"]


async def test_the_row_is_the_fold_of_its_history(counter: Counter, database: Database) -> None:
    order_id = await counter.confirmed()
    await counter.command(order_id, "ship", json=SHIPMENT)
    answer = await counter.client.get(f"/orders/{order_id}/events", headers=CUSTOMER)
    rows = await counter.connection.fetch(
        "SELECT version, event_type, timestamp FROM order_events WHERE order_id = $1 "
        "ORDER BY version",
        order_id,
    )
    data = [entry["data"] for entry in answer.json()]
    history = [
        from_row(row["version"], row["event_type"], row["timestamp"], it)
        for row, it in zip(rows, data, strict=True)
    ]
    kept = KeptConnection(database.engine)
    async with kept.transaction() as tx:
        book = await OrderRepository().load(tx, [Needs(order_id)])
    await kept.close()
    assert book.order(order_id) == Order.from_history(order_id, history)


async def test_an_order_that_is_never_decided_expires(
    counter: Counter, settings: OrderSettings
) -> None:
    order_id, decided = await counter.placed(), await counter.confirmed()
    hasty = settings.model_copy(update={"order_expires_after_s": 0.05, "order_sweep_every_s": 0.05})
    async with running(build(hasty)):
        await counter.reaches(order_id, "CANCELLED")
    assert (await counter.read(order_id))["cancel_reason"] == "EXPIRED"
    assert (await counter.read(decided))["status"] == "CONFIRMED"
    assert await counter.said(order_id) == ["orders.placed", "orders.cancelled"]


async def test_the_list_is_read_to_its_end_page_by_page_newest_first(counter: Counter) -> None:
    ids = [str(await counter.placed(body(customer_id="pages"))) for _ in range(7)]
    await counter.command(ids[0], "cancel", CUSTOMER)
    found: list[str] = []
    query: dict[str, str | int] = {"customer_id": "pages", "limit": 3}
    while True:
        page = (await counter.client.get("/orders", params=query, headers=CUSTOMER)).json()
        found += [order["order_id"] for order in page["orders"]]
        if page["next_cursor"] is None:
            break
        query["cursor"] = page["next_cursor"]
    assert found == ids[::-1]
    query = {"customer_id": "pages", "status": "CANCELLED"}
    only = (await counter.client.get("/orders", params=query, headers=CUSTOMER)).json()
    assert [order["order_id"] for order in only["orders"]] == [ids[0]]


async def test_of_two_changes_of_a_product_the_later_holds_in_whatever_order(
    counter: Counter,
) -> None:
    sku, now = f"chair-{new_id().hex[:8]}", utc_now()
    late = product(sku, "Chair", 9900, at=now)
    early = product(sku, "Old chair", 100, at=now - timedelta(hours=1))
    await counter.hear(late)
    await counter.consumed(late)
    await counter.hear(early)
    await counter.consumed(early)
    answer = await counter.place(body({"sku": sku, "quantity": 1}))
    assert answer.json()["total_cents"] == 9900
    read = await counter.read(answer.json()["order_id"])
    assert read["items"][0]["name"] == "Chair"


async def test_a_replica_sells_what_another_has_copied(
    counter: Counter, settings: OrderSettings
) -> None:
    """Within the half second that nobody tells it, it looks the product up."""
    forgetful = build(settings.model_copy(update={"order_catalogue_every_s": 3600}))
    async with running(forgetful) as replica:
        for _ in range(5):
            sku = f"desk-{new_id().hex[:8]}"
            event = product(sku, "Desk", 100)
            await counter.hear(event)
            await counter.consumed(event)
            wanted = body({"sku": sku, "quantity": 1})
            assert (await replica.post("/orders", json=wanted, headers=CUSTOMER)).status_code == 202


async def test_a_changed_price_reaches_a_replica(counter: Counter) -> None:
    sku = f"vase-{new_id().hex[:8]}"
    for price in (100, 200):
        await counter.hear(product(sku, "Vase", price))

    async def price_now() -> object:
        answer = await counter.place(body({"sku": sku, "quantity": 1}))
        return answer.json().get("total_cents")

    await eventually(price_now, 200)


async def test_two_currencies_in_one_order_are_refused(counter: Counter) -> None:
    await counter.hear(event := product("pound", "Pound cake", 100, currency="GBP"))
    await counter.consumed(event)
    answer = await counter.place(
        body({"sku": "lamp", "quantity": 1}, {"sku": "pound", "quantity": 1})
    )
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "items[1].sku"


async def test_an_order_of_2000_items_is_taken_and_a_sku_may_repeat(counter: Counter) -> None:
    wanted = body(items=[{"sku": "mug", "quantity": 1}] * 2000)
    answer = await counter.place(wanted)
    assert (answer.status_code, answer.json()["total_cents"]) == (202, 2000 * 795)
