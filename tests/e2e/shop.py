"""The shop as its customers and operators see it: over HTTP."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from shopctl.stack_file import StackFile
from tests.eventually import eventually, eventually_found

OPEN = ("PLACED", "RESERVED")
Json = dict[str, Any]


@dataclass(frozen=True)
class Shop:
    file: StackFile
    http: httpx.AsyncClient

    @classmethod
    @asynccontextmanager
    async def opened(cls, file: StackFile) -> AsyncIterator["Shop"]:
        limits = httpx.Limits(max_connections=200)
        async with httpx.AsyncClient(timeout=20, limits=limits) as http:
            yield cls(file, http)

    def url(self, service: str) -> str:
        return self.file.services[service].url

    def customer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.file.tokens.customer}"}

    def operator(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.file.tokens.operator}"}

    async def stock(self, sku: str, quantity: int, *, price_cents: int = 500) -> None:
        product = {"name": sku.title(), "price_cents": price_cents, "currency": "EUR"}
        at = f"{self.url('inventory')}/products/{sku}"
        (await self.http.put(at, json=product, headers=self.operator())).raise_for_status()
        receipt = {"quantity": quantity, "reference": f"first-{sku}"}
        answer = await self.http.post(f"{at}/receipts", json=receipt, headers=self.operator())
        answer.raise_for_status()
        await eventually(lambda: self._can_be_ordered(sku))

    async def _can_be_ordered(self, sku: str) -> bool:
        """Ask by an order that is refused for another reason, so that none is placed."""
        body = wish(sku, "A SKU that is not there")
        answer = await self.http.post(
            f"{self.url('order')}/orders", json=body, headers=self.customer()
        )
        return [error["field"] for error in answer.json()["errors"]] == ["items[1].sku"]

    async def post_order(self, body: Json, **headers: str) -> httpx.Response:
        return await self.http.post(
            f"{self.url('order')}/orders", json=body, headers={**self.customer(), **headers}
        )

    async def place(self, *skus: str, payment_method: str = "card_ok") -> str:
        answer = await self.post_order(wish(*skus, payment_method=payment_method))
        assert answer.status_code == 202, answer.text
        order_id: str = answer.json()["order_id"]
        return order_id

    async def order(self, order_id: str) -> Json:
        return await self.get("order", f"/orders/{order_id}")

    async def decided(self, order_id: str) -> Json:
        """Return the order when it is no longer open."""

        async def look() -> Json | None:
            order = await self.order(order_id)
            return None if order["status"] in OPEN else order

        return await eventually_found(look)

    async def mails(self, order_id: str, count: int) -> list[str]:
        """Return the kinds of the order's mails, when so many are sent."""

        async def look() -> list[str] | None:
            mails = (await self.get("email", f"/mails?order_id={order_id}"))["mails"]
            sent = sorted(mail["kind"] for mail in mails if mail["status"] == "SENT")
            return sent if len(sent) >= count else None

        return await eventually_found(look)

    async def replay(self, service: str, letter: int, body: Json) -> None:
        """Send a dead letter back to the service, perhaps mended."""
        at = f"{self.url(service)}/dead-letters/{letter}/replay"
        answer = await self.http.post(at, json=body, headers=self.operator())
        assert answer.status_code == 202, answer.text

    async def get(self, service: str, path: str) -> Json:
        answer = await self.http.get(self.url(service) + path, headers=self.operator())
        answer.raise_for_status()
        found: Json = json.loads(answer.content)
        return found


def wish(*skus: str, payment_method: str = "card_ok") -> Json:
    return {
        "customer_id": "ada",
        "customer_email": "ada@example.com",
        "items": [{"sku": sku, "quantity": 1} for sku in skus],
        "payment_method": payment_method,
    }
