"""Order, as tutorials write it: a transaction a message, then publish."""

from typing import Any

from fastapi import Header, HTTPException
from msgspec import to_builtins
from msgspec.structs import asdict
from pydantic import BaseModel, Field
from sqlmodel import col, select

from loadtests.baselines.tutorial.kit import app, hears, is_new, publish, redis, session
from loadtests.baselines.tutorial.tables import CatalogueProduct, Order, now
from shared.clock import new_id
from shared.events import (
    Item,
    OrderConfirmed,
    OrderPlaced,
    PaymentProcessed,
    PaymentStatus,
    ProductChanged,
    StockReserved,
    caused_by,
    first_cause,
)

KEY_KEPT_S = 86_400


class Line(BaseModel):
    sku: str
    quantity: int = Field(ge=1)


class Wish(BaseModel):
    customer_id: str
    customer_email: str
    items: list[Line] = Field(min_length=1)
    payment_method: str


@app.post("/orders", status_code=202)
async def place(wish: Wish, idempotency_key: str = Header()) -> dict[str, Any]:
    if not await redis.set(f"key:{idempotency_key}", 1, nx=True, ex=KEY_KEPT_S):
        raise HTTPException(409, "this key was used")
    async with session() as db:
        wanted = [line.sku for line in wish.items]
        query = select(CatalogueProduct).where(col(CatalogueProduct.sku).in_(wanted))
        known = {product.sku: product for product in await db.exec(query)}
        if missing := set(wanted) - set(known):
            raise HTTPException(422, f"unknown: {missing}")
        placed = _placed(wish, known)
        fields = asdict(placed) | {"items": to_builtins(placed.items)}
        db.add(Order(status="PLACED", **fields))
        await db.commit()
    await publish(placed)
    return {
        "order_id": placed.order_id,
        "status": "PLACED",
        "total_cents": placed.total_cents,
        "currency": placed.currency,
    }


@app.get("/orders")
async def search(status: str, limit: int = 50) -> dict[str, Any]:
    async with session() as db:
        found = await db.exec(select(Order).where(Order.status == status).limit(limit))
        return {"orders": found.all()}


@hears("order", ProductChanged)
async def copy_product(event: ProductChanged) -> None:
    async with session() as db:
        await db.merge(CatalogueProduct(**asdict(event)))
        await db.commit()


@hears("order", StockReserved)
async def note_reservation(event: StockReserved) -> None:
    if not await is_new("order", event):
        return
    async with session() as db:
        found = await db.get_one(Order, event.order_id, with_for_update=True)
        if found.status == "PLACED":
            found.status = "RESERVED"
        await db.commit()


@hears("order", PaymentProcessed)
async def note_payment(event: PaymentProcessed) -> None:
    if not await is_new("order", event):
        return
    async with session() as db:
        found = await db.get_one(Order, event.order_id, with_for_update=True)
        found.status = "CONFIRMED" if event.status is PaymentStatus.SUCCESS else "CANCELLED"
        await db.commit()
    if found.status == "CONFIRMED":
        await publish(_confirmed(found, event))


def _placed(wish: Wish, known: dict[str, CatalogueProduct]) -> OrderPlaced:
    items = [
        Item(it.sku, known[it.sku].name, it.quantity, known[it.sku].price_cents)
        for it in wish.items
    ]
    return OrderPlaced(
        **first_cause(event_id=new_id(), at=now()),
        order_id=new_id(),
        customer_id=wish.customer_id,
        customer_email=wish.customer_email,
        items=tuple(items),
        total_cents=sum(it.quantity * it.unit_price_cents for it in items),
        currency=known[items[0].sku].currency,
        payment_method=wish.payment_method,
    )


def _confirmed(order: Order, cause: PaymentProcessed) -> OrderConfirmed:
    return OrderConfirmed(
        **caused_by(cause, event_id=new_id(), at=now()),
        order_id=order.order_id,
        customer_id=order.customer_id,
        customer_email=order.customer_email,
        items=tuple(Item(**item) for item in order.items),
        total_cents=order.total_cents,
        currency=order.currency,
        payment_id=cause.payment_id,
    )
