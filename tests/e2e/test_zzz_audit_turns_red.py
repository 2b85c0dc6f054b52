"""The audit can fail: each invariant, broken by hand on the running shop, is named.

Behind all other tests here: what is broken in the ledger and in the mail sink stays broken.
"""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from shopctl.stack import Stack
from tests.e2e.shop import Shop, wish

Case = tuple[str, str, str, str]

# Invariant, whose database, what breaks it, what mends it; `{order}` is a confirmed order.
CASES: list[Case] = [
    (
        "I2",
        "order",
        "UPDATE orders SET status = 'PLACED' WHERE order_id = '{order}'",
        "UPDATE orders SET status = 'CONFIRMED' WHERE order_id = '{order}'",
    ),
    (
        "I4",
        "inventory",
        "UPDATE products SET sold = sold + 1, on_hand = on_hand - 1 WHERE sku = 'RED'",
        "UPDATE products SET sold = sold - 1, on_hand = on_hand + 1 WHERE sku = 'RED'",
    ),
    (
        "I6",
        "order",
        "UPDATE orders SET customer_id = 'eve' WHERE order_id = '{order}'",
        "UPDATE orders SET customer_id = 'ada' WHERE order_id = '{order}'",
    ),
    (
        "I7",
        "payment",
        "INSERT INTO inbox (event_id, subject) VALUES ('{order}', 'orders.cancelled')",
        "DELETE FROM inbox WHERE event_id = '{order}'",
    ),
    (
        "I8",
        "analytics",
        "UPDATE revenue_minutes SET confirmed_cents = confirmed_cents + 1",
        "UPDATE revenue_minutes SET confirmed_cents = confirmed_cents - 1",
    ),
    (
        "I9",
        "order",
        "UPDATE idempotency_keys SET answer = '{{}}' WHERE order_id = '{order}'",
        "DELETE FROM idempotency_keys WHERE order_id = '{order}'",
    ),
]


@pytest.fixture(scope="module")
async def order(shop: Shop) -> str:
    """A confirmed order, everything about it done."""
    await shop.stock("RED", 100)
    body = wish("RED")
    answer = await shop.post_order(body, **{"Idempotency-Key": str(uuid4())})
    order_id: str = answer.json()["order_id"]
    assert (await shop.decided(order_id))["status"] == "CONFIRMED"
    await shop.mails(order_id, 1)
    return order_id


async def audit(stack: Stack, invariant: str, *options: str) -> list[dict[str, Any]]:
    """Return the violations that are found of this invariant."""
    words = ("--json", "--stack", str(stack.run_dir.stack), "--wait", "5", "--only", invariant)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "audit", *words, *options), stdout=asyncio.subprocess.PIPE
    )
    said, _ = await process.communicate()
    found: list[dict[str, Any]] = json.loads(said)["violations"]
    assert process.returncode == (1 if found else 0)
    return found


@pytest.mark.parametrize(
    ("invariant", "database", "broken", "mended"), [pytest.param(*it, id=it[0]) for it in CASES]
)
async def test_what_is_broken_in_a_database_is_named(
    stack: Stack, order: str, invariant: str, database: str, broken: str, mended: str
) -> None:
    connection = await asyncpg.connect(stack.file.postgres.databases[database])
    try:
        await connection.execute(broken.format(order=order))
        found = await audit(stack, invariant)
        await connection.execute(mended.format(order=order))
        assert {it["invariant"] for it in found} == {invariant}
    finally:
        await connection.close()


async def test_an_accepted_order_that_nobody_knows_is_i1(stack: Stack, tmp_path: Path) -> None:
    accepted = tmp_path / "accepted.txt"
    accepted.write_text(f"{(lost := str(uuid4()))}\n")
    (violation,) = await audit(stack, "I1", "--accepted", str(accepted))
    assert violation["order"] == lost


async def test_money_of_a_cancelled_order_is_i10(stack: Stack, shop: Shop) -> None:
    order_id = await shop.place("RED", payment_method="card_declined")
    await shop.decided(order_id)
    await charge(shop, order_id)
    (violation,) = await audit(stack, "I10")
    assert violation["order"] == order_id


async def test_a_second_charge_is_i3(stack: Stack, shop: Shop, order: str) -> None:
    await charge(shop, order)
    found = [it["found"] for it in await audit(stack, "I3") if it["order"] == order]
    assert "2 charges that succeeded" in found


async def test_a_mail_that_never_arrived_is_i5(stack: Stack, shop: Shop, order: str) -> None:
    sink = f"{shop.file.mail.url}/api/v1/messages"
    messages = (await shop.http.get(sink, params={"limit": 0})).json()["messages"]
    (mail,) = (await shop.get("email", f"/mails?order_id={order}"))["mails"]
    ids = [it["ID"] for it in messages if it["MessageID"] in mail["message_id"]]
    await shop.http.request("DELETE", sink, json={"IDs": ids})
    (violation,) = await audit(stack, "I5")
    assert (violation["order"], violation["expected"]) == (order, "one CONFIRMED mail")


async def charge(shop: Shop, order_id: str) -> None:
    """Take money behind the shop's back."""
    body = {
        "payment_method": "card_ok",
        "order_id": order_id,
        "amount_cents": 500,
        "currency": "EUR",
    }
    key = {"Idempotency-Key": str(uuid4())}
    answer = await shop.http.post(f"{shop.file.provider.url}/charges", json=body, headers=key)
    answer.raise_for_status()
