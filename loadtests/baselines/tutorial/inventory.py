"""Inventory, as tutorials write it."""

import csv
import io
from datetime import timedelta
from typing import Any

from fastapi import Request

from loadtests.baselines.tutorial.kit import app, hears, is_new, publish, session
from loadtests.baselines.tutorial.tables import Product, Reservation, now
from shared.clock import new_id
from shared.events import (
    OrderConfirmed,
    OrderPlaced,
    ProductChanged,
    StockReserved,
    caused_by,
    first_cause,
)

HELD_FOR = timedelta(minutes=15)


@app.post("/products/import")
async def take_in(request: Request) -> dict[str, Any]:
    rows = list(csv.DictReader(io.StringIO((await request.body()).decode())))
    for row in rows:
        product = Product(
            sku=row["sku"],
            name=row["name"],
            price_cents=int(row["price_cents"]),
            currency=row["currency"],
            on_hand=int(row["quantity"]),
        )
        async with session() as db:
            await db.merge(product)
            await db.commit()
        await publish(_changed(product))
    return {"imported": len(rows), "repeated": 0, "rejected": [], "rejected_count": 0}


@hears("inventory", OrderPlaced)
async def reserve(event: OrderPlaced) -> None:
    if not await is_new("inventory", event):
        return
    reserved = _reserved(event)
    async with session() as db:
        for item in sorted(event.items, key=lambda it: it.sku):
            product = await db.get_one(Product, item.sku, with_for_update=True)
            if product.on_hand < item.quantity:
                return  # a tutorial stops here: nobody hears of it
            product.on_hand -= item.quantity
        held = {"order_id": event.order_id, "reservation_id": reserved.reservation_id}
        db.add(Reservation(**held, state="RESERVED"))
        await db.commit()
    await publish(reserved)


@hears("inventory", OrderConfirmed)
async def sell(event: OrderConfirmed) -> None:
    if not await is_new("inventory", event):
        return
    async with session() as db:
        held = await db.get_one(Reservation, event.order_id, with_for_update=True)
        held.state = "SOLD"
        await db.commit()


def _changed(product: Product) -> ProductChanged:
    return ProductChanged(
        **first_cause(event_id=new_id(), at=now()),
        sku=product.sku,
        name=product.name,
        price_cents=product.price_cents,
        currency=product.currency,
    )


def _reserved(order: OrderPlaced) -> StockReserved:
    return StockReserved(
        **caused_by(order, event_id=new_id(), at=now()),
        order_id=order.order_id,
        reservation_id=new_id(),
        items=order.items,
        expires_at=now() + HELD_FOR,
        customer_id=order.customer_id,
        total_cents=order.total_cents,
        currency=order.currency,
        payment_method=order.payment_method,
    )
