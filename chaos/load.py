"""Open-loop load: orders come at their own times, however slow the shop is."""

import asyncio
import json
from asyncio import Task
from random import Random

from chaos.client import Client
from chaos.history import Purchase
from chaos.tasks import Group

METHODS = ("card_ok", "card_declined", "card_timeout", "card_flaky", "card_slow")
WEIGHTS = (80, 6, 5, 5, 4)
CANCELLED, SHIPPED = 0.04, 0.06  # of the orders
CANCEL_WITHIN_S = 1.0  # often while the charge is under way
SHIP_AFTER_S = 2.0


class Load:
    """Buys at `rate` orders a second, from a seeded random's arrivals, baskets and cards."""

    def __init__(self, client: Client, chance: Random, *, skus: list[str], rate: float) -> None:
        self._client = client
        self._chance = chance
        self._skus = skus
        self._rate = rate
        self._number = 0
        self._run = f"{chance.getrandbits(32):08x}"
        self._buying = Group()
        self._meddling = Group()
        self._arrivals: Task[None] | None = None

    def start(self) -> None:
        self._arrivals = asyncio.create_task(self._arrive(), name="arrivals")

    async def pause(self) -> None:
        """No more orders for now."""
        if self._arrivals is not None:
            self._arrivals.cancel()
            await asyncio.gather(self._arrivals, return_exceptions=True)
        self._arrivals = None

    async def stop(self) -> None:
        """No more orders; returns when the outcome of each is known."""
        await self.pause()
        await self._buying.done()
        await self._meddling.done()

    async def abandon(self) -> None:
        """Leave nothing behind, whatever became of the orders; after `stop` there is nothing."""
        await self.pause()
        await self._buying.abandon()
        await self._meddling.abandon()

    def buy(self, *, method: str | None = None, skus: list[str] | None = None) -> Purchase:
        """Buy at once, beside what arrives by itself; its outcome becomes known later."""
        purchase = self.purchase(method=method, skus=skus)
        self._buying.start(self._client.buy(purchase))
        return purchase

    def purchase(self, *, method: str | None = None, skus: list[str] | None = None) -> Purchase:
        """Return a new wish. Its customer is its own: so orders can be counted by key."""
        self._number += 1
        key = f"chaos-{self._run}-{self._number}"
        wanted = self._chance.sample(skus or self._skus, k=1 if skus else self._lines())
        card = method or self._chance.choices(METHODS, WEIGHTS)[0]
        body = {
            "customer_id": key,
            "customer_email": f"{key}@example.com",
            "items": [{"sku": sku, "quantity": 1} for sku in wanted],
            "payment_method": card,
        }
        now = asyncio.get_running_loop().time()
        return Purchase(key, json.dumps(body).encode(), begun_at=now)

    def _lines(self) -> int:
        return self._chance.randint(1, min(3, len(self._skus)))

    async def _arrive(self) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            due += self._chance.expovariate(self._rate)
            await asyncio.sleep(due - loop.time())
            self._buying.start(self._client.buy(purchase := self.purchase()))
            self._meddling.start(self._meddle(purchase, self._chance.random()))

    async def _meddle(self, purchase: Purchase, lot: float) -> None:
        """Cancel or ship some: too early or too late is no matter, the shop says no."""
        if lot < CANCELLED:
            await asyncio.sleep(CANCEL_WITHIN_S * lot / CANCELLED)
            await self._client.command(purchase.order_id or "-", "cancel")
        elif lot < CANCELLED + SHIPPED:
            await asyncio.sleep(SHIP_AFTER_S)
            parcel = {"carrier": "Pigeon", "tracking_number": purchase.key[-20:]}
            await self._client.command(purchase.order_id or "-", "ship", parcel)
