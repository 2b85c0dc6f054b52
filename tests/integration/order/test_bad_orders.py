"""What cannot be an order: each a clear 4xx that names the field, and nothing is stored."""

from collections.abc import Mapping
from typing import Any

import pytest

from tests.eventually import eventually
from tests.integration.order.counter import CUSTOMER, OPERATOR, Counter, body, product

UNKNOWN = "0198c0de-0000-7000-8000-00000000dead"


def one(**item: object) -> dict[str, Any]:
    return body({"sku": "lamp", "quantity": 1, **item})


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "unknown SKU": (
        body({"sku": "lamp", "quantity": 1}, {"sku": "x", "quantity": 1}),
        "items[1].sku",
    ),
    "SKU with a line break": (one(sku="la\r\nmp"), "items[0].sku"),
    "SKU with NUL": (one(sku="la\0mp"), "items[0].sku"),
    "no SKU": (body({"quantity": 1}), "items[0].sku"),
    "quantity 0": (one(quantity=0), "items[0].quantity"),
    "quantity -1": (one(quantity=-1), "items[0].quantity"),
    "quantity 10^9": (one(quantity=10**9), "items[0].quantity"),
    "quantity 10^30": (one(quantity=10**30), "items[0].quantity"),
    "half a lamp": (one(quantity=0.5), "items[0].quantity"),
    "quantity as text": (one(quantity="2"), "items[0].quantity"),
    "quantity true": (one(quantity=True), "items[0].quantity"),
    "no quantity": (body({"sku": "lamp"}), "items[0].quantity"),
    "an item's unknown field": (one(colour="red"), "items[0].colour"),
    "no items": (body(items=[]), "items"),
    "2,001 items": (body(items=[{"sku": "lamp", "quantity": 1}] * 2001), "items"),
    "items as an object": (body(items={"sku": "lamp"}), "items"),
    "unknown field": (body(priority=1), "priority"),
    "no customer": (body(customer_id=""), "customer_id"),
    "customer as number": (body(customer_id=7), "customer_id"),
    "customer null": (body(customer_id=None), "customer_id"),
    "customer with NUL": (body(customer_id="a\0"), "customer_id"),
    "address without @": (body(customer_email="ada.example.com"), "customer_email"),
    "address with two @": (body(customer_email="a@b@example.com"), "customer_email"),
    "address with CR/LF": (
        body(customer_email="ada@example.com\r\nBcc: all@example.com"),
        "customer_email",
    ),
    "address with LF at its end": (body(customer_email="ada@example.com\n"), "customer_email"),
    "long address": (body(customer_email=f"{'a' * 300}@example.com"), "customer_email"),
    "method with blanks": (body(payment_method="card ok"), "payment_method"),
    "price below zero": (one(unit_price_cents=-1), "items[0].unit_price_cents"),
}


@pytest.mark.parametrize(("wanted", "field"), BAD.values(), ids=BAD.keys())
async def test_a_bad_order_is_refused_and_its_field_named(
    counter: Counter, wanted: dict[str, Any], field: str
) -> None:
    before = await counter.connection.fetchval("SELECT count(*) FROM orders")
    answer = await counter.place(wanted, OPERATOR)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert await counter.connection.fetchval("SELECT count(*) FROM orders") == before


@pytest.mark.parametrize("content", [b"{", b"", b"nonsense", b"\xff", b'{"customer_id": "a'])
async def test_broken_json_is_400(counter: Counter, content: bytes) -> None:
    answer = await counter.place(content=content)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("content", [b"[]", b"null", b"7", b'"order"'])
async def test_json_that_is_no_object_is_422(counter: Counter, content: bytes) -> None:
    assert (await counter.place(content=content)).status_code == 422


async def test_a_body_of_300_kb_is_413(counter: Counter) -> None:
    answer = await counter.place(content=b" " * 300_000)
    assert answer.status_code == 413


async def test_an_order_that_no_message_holds_is_refused_and_a_large_one_is_told(
    counter: Counter,
) -> None:
    long_named = product("long", "\N{OLD PERSIAN SIGN A}" * 200, 100)  # four bytes each
    await counter.hear(long_named)
    await counter.consumed(long_named)
    before = await counter.connection.fetchval("SELECT count(*) FROM orders")

    answer = await counter.place(body(items=[{"sku": "long", "quantity": 1}] * 2000))

    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == ["items"]
    assert await counter.connection.fetchval("SELECT count(*) FROM orders") == before

    order_id = await counter.placed(body(items=[{"sku": "long", "quantity": 1}] * 1000))
    await eventually(lambda: counter.published(order_id), 1)


async def test_many_faults_are_counted_and_the_first_named(counter: Counter) -> None:
    answer = await counter.place(body(items=[{"sku": "x", "quantity": 1}] * 500))
    assert answer.status_code == 422
    assert answer.json()["error_count"] == 500
    assert len(answer.json()["errors"]) == 20


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer no"}])
async def test_without_a_token_nothing_is_sold(
    counter: Counter, headers: Mapping[str, str]
) -> None:
    assert (await counter.place(headers=headers)).status_code == 401


async def test_a_customer_names_no_price_and_an_operator_may(counter: Counter) -> None:
    wanted = one(unit_price_cents=1)
    answer = await counter.place(wanted, CUSTOMER)
    assert answer.status_code == 403
    assert answer.json()["errors"][0]["field"] == "items[0].unit_price_cents"
    agreed = await counter.place(wanted, OPERATOR)
    assert (agreed.status_code, agreed.json()["total_cents"]) == (202, 1)


@pytest.mark.parametrize("key", ["", "x" * 256, "a\tb"])
async def test_a_bad_idempotency_key_is_named(counter: Counter, key: str) -> None:
    answer = await counter.place(headers={**CUSTOMER, "Idempotency-Key": key})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "Idempotency-Key"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", f"/orders/{UNKNOWN}", 404),
        ("GET", f"/orders/{UNKNOWN}/events", 404),
        ("POST", f"/orders/{UNKNOWN}/cancel", 404),
        ("GET", "/orders/nonsense", 422),
        ("GET", "/orders?limit=0", 422),
        ("GET", "/orders?limit=501", 422),
        ("GET", "/orders?status=LOST", 422),
        ("GET", "/orders?cursor=nonsense", 422),
        ("GET", "/orders?customer_id=%00", 422),
        ("DELETE", f"/orders/{UNKNOWN}", 405),
    ],
)
async def test_what_is_not_there_or_no_question_is_a_problem(
    counter: Counter, method: str, path: str, status: int
) -> None:
    answer = await counter.client.request(method, path, headers=OPERATOR)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("shipment", "field"),
    [
        ({"carrier": "post"}, "tracking_number"),
        ({"carrier": "", "tracking_number": "1"}, "carrier"),
        ({"carrier": "post", "tracking_number": "1\r\n2"}, "tracking_number"),
        ({"carrier": "post", "tracking_number": 1}, "tracking_number"),
        ({"carrier": "post", "tracking_number": "1", "by": "air"}, "by"),
    ],
)
async def test_a_bad_shipment_names_its_field(
    counter: Counter, shipment: dict[str, Any], field: str
) -> None:
    answer = await counter.command(UNKNOWN, "ship", json=shipment)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]
