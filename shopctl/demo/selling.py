"""Lets the shoppers come, one after the other and many at once, and do what they do."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from shopctl.demo.course import Course
from shopctl.demo.observer import Observer
from shopctl.demo.shoppers import Shopper
from shopctl.shop import Refused, Shop
from shopctl.tasks import together

SELL_FOR_S = 10.0
LEAST_RATE = 20.0
MOST_RATE = 300.0
AT_ONCE = 64  # requests under way
CARRIER = "Parcel Post"


@dataclass(slots=True)
class Sales:
    """What was ordered so far."""

    wanted: int
    placed: list[tuple[Shopper, UUID]] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)


def rate_for(orders: int) -> float:
    """Orders a second: some seconds of selling to look at, more for many."""
    return min(MOST_RATE, max(LEAST_RATE, orders / SELL_FOR_S))


async def sell(
    shop: Shop, observer: Observer, shoppers: Sequence[Shopper], sales: Sales, *, run: str
) -> None:
    """Returns when all have done all they wanted; `run` makes their keys unlike those of others."""
    clock = asyncio.get_running_loop().time
    began, rate = clock(), rate_for(len(shoppers))
    places = asyncio.Semaphore(AT_ONCE)
    async with together() as group:
        for number, shopper in enumerate(shoppers):
            await asyncio.sleep(began + number / rate - clock())
            group.create_task(
                _serve(shop, observer, shopper, sales, key=f"{run}-{number}", places=places)
            )


async def _serve(
    shop: Shop,
    observer: Observer,
    shopper: Shopper,
    sales: Sales,
    *,
    key: str,
    places: asyncio.Semaphore,
) -> None:
    async with places:
        answer = await shop.order(_body(shopper), key=key)
    if isinstance(answer, Refused):
        sales.refused.append(answer)
        return
    order_id = answer.order_id
    sales.placed.append((shopper, order_id))
    habit = shopper.habit
    if habit.cancels_when is not None:
        if habit.cancels_when is not Course.PLACED:
            await observer.reached(order_id, habit.cancels_when)
        await shop.cancel(order_id)
    elif habit.is_shipped and await observer.reached(order_id, Course.CONFIRMED):
        await shop.ship(order_id, carrier=CARRIER, tracking_number=f"PP{order_id.int % 10**10:010}")


def _body(shopper: Shopper) -> bytes:
    order = {
        "customer_id": shopper.customer_id,
        "customer_email": shopper.email,
        "items": [{"sku": sku, "quantity": quantity} for sku, quantity in shopper.items],
        "payment_method": shopper.habit.payment_method,
    }
    return json.dumps(order).encode()
