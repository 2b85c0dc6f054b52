"""One order's way through the running shop, in each of its outcomes."""

import asyncio
from collections import Counter

from tests.e2e.shop import Shop, wish
from tests.eventually import eventually


async def test_an_order_is_confirmed_charged_mailed_and_counted(shop: Shop) -> None:
    await shop.stock("PLAIN", 10, price_cents=700)
    before = await shop.get("analytics", "/reports/summary")
    order_id = await shop.place("PLAIN", "PLAIN")
    order = await shop.decided(order_id)
    assert (order["status"], order["total_cents"], order["version"]) == ("CONFIRMED", 1400, 3)

    payment = await shop.get("payment", f"/payments?order_id={order_id}")
    assert (payment["status"], payment["amount_cents"]) == ("SUCCESS", 1400)
    assert payment["payment_id"] == order["payment_id"]
    assert await shop.mails(order_id, 1) == ["CONFIRMED"]

    async def sold() -> bool:
        product = await shop.get("inventory", "/products/PLAIN")
        return (product["on_hand"], product["reserved"], product["sold"]) == (8, 0, 2)

    async def counted() -> bool:
        now = await shop.get("analytics", "/reports/summary")
        return bool(now["revenue_cents"] - before["revenue_cents"] == 1400)

    await eventually(sold)
    await eventually(counted)


async def test_the_history_tells_what_happened_in_order(shop: Shop) -> None:
    await shop.stock("HISTORY", 10)
    order_id = await shop.place("HISTORY")
    await shop.decided(order_id)
    answer = await shop.http.get(
        f"{shop.url('order')}/orders/{order_id}/events", headers=shop.customer()
    )
    told = [(entry["version"], entry["event_type"]) for entry in answer.json()]
    assert told[0] == (1, "OrderPlaced")
    assert [version for version, _ in told] == list(range(1, len(told) + 1))
    assert told[-1][1] == "OrderConfirmed"


async def test_a_declined_card_cancels_and_gives_the_stock_back(shop: Shop) -> None:
    await shop.stock("DECLINED", 5)
    order_id = await shop.place("DECLINED", payment_method="card_declined")
    order = await shop.decided(order_id)
    assert (order["status"], order["cancel_reason"]) == ("CANCELLED", "PAYMENT_FAILED")
    assert await shop.mails(order_id, 1) == ["CANCELLED"]

    async def released() -> bool:
        product = await shop.get("inventory", "/products/DECLINED")
        return (product["on_hand"], product["reserved"]) == (5, 0)

    await eventually(released)


async def test_what_is_not_in_stock_is_not_sold(shop: Shop) -> None:
    await shop.stock("SCARCE", 1)
    order = await shop.decided(await shop.place("SCARCE", "SCARCE"))
    assert (order["status"], order["cancel_reason"]) == ("CANCELLED", "OUT_OF_STOCK")


async def test_a_provider_that_drops_its_answer_is_asked_and_charges_once(shop: Shop) -> None:
    await shop.stock("TIMEOUT", 5)
    order_id = await shop.place("TIMEOUT", payment_method="card_timeout")
    assert (await shop.decided(order_id))["status"] == "CONFIRMED"
    assert await movements(shop, order_id) == [("charge", 500)]


async def test_an_order_cancelled_during_its_charge_gets_its_money_back(shop: Shop) -> None:
    await shop.stock("CANCEL", 5)
    order_id = await shop.place("CANCEL", payment_method="card_slow")

    async def charging() -> bool:
        answer = await shop.http.get(
            f"{shop.url('payment')}/payments?order_id={order_id}", headers=shop.customer()
        )
        return answer.is_success and answer.json()["status"] == "PENDING"

    await eventually(charging)
    answer = await shop.http.post(
        f"{shop.url('order')}/orders/{order_id}/cancel", headers=shop.customer()
    )
    assert answer.status_code == 202
    order = await shop.order(order_id)
    assert (order["status"], order["cancel_reason"]) == ("CANCELLED", "CUSTOMER_REQUEST")

    async def paid_back() -> bool:
        return await movements(shop, order_id) == [("charge", 500), ("refund", 500)]

    await eventually(paid_back)
    assert await shop.mails(order_id, 2) == ["CANCELLED", "REFUNDED"]
    assert (await shop.order(order_id))["status"] == "CANCELLED"


async def test_a_shipped_order_cannot_be_cancelled(shop: Shop) -> None:
    await shop.stock("SHIP", 5)
    order_id = await shop.place("SHIP")
    await shop.decided(order_id)
    at = f"{shop.url('order')}/orders/{order_id}"
    shipment = {"carrier": "Hermes", "tracking_number": "H-1"}
    refused = await shop.http.post(f"{at}/ship", json=shipment, headers=shop.customer())
    assert refused.status_code == 403
    shipped = await shop.http.post(f"{at}/ship", json=shipment, headers=shop.operator())
    assert shipped.status_code == 202
    assert (await shop.order(order_id))["shipment"] == shipment
    assert (await shop.http.post(f"{at}/cancel", headers=shop.customer())).status_code == 409
    assert await shop.mails(order_id, 2) == ["CONFIRMED", "SHIPPED"]


async def test_two_hundred_buyers_for_ten_units(shop: Shop) -> None:
    await shop.stock("HOT", 10)
    order_ids = await asyncio.gather(*(shop.place("HOT") for _ in range(200)))
    orders = await asyncio.gather(*map(shop.decided, order_ids))
    ends = Counter(order["status"] for order in orders)
    assert ends == {"CONFIRMED": 10, "CANCELLED": 190}
    product = await shop.get("inventory", "/products/HOT")
    assert product["on_hand"] == 0


async def test_one_key_fifty_times_at_once_is_one_order(shop: Shop) -> None:
    await shop.stock("KEY", 100)
    key = {"Idempotency-Key": "fifty-at-once"}
    answers = await asyncio.gather(*(shop.post_order(wish("KEY"), **key) for _ in range(50)))
    assert {answer.status_code for answer in answers} <= {202, 409}
    assert len({answer.content for answer in answers if answer.status_code == 202}) == 1
    again = await shop.post_order(wish("KEY"), **key)
    assert again.content in {answer.content for answer in answers}
    assert (await shop.post_order(wish("KEY", "KEY"), **key)).status_code == 422


async def movements(shop: Shop, order_id: str) -> list[tuple[str, int]]:
    """Return what the provider's own ledger says of the order."""
    ledger = (await shop.http.get(f"{shop.file.provider.url}/ledger")).json()["movements"]
    return [
        (movement["kind"], movement["amount_cents"])
        for movement in ledger
        if movement["order_id"] == order_id and movement["status"] == "succeeded"
    ]
