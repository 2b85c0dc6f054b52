"""A shop's counter: orders are placed here, and the other services' answers arrive."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
from httpx import AsyncClient, Response
from nats.js import JetStreamContext

from shared.clock import new_id, utc_now
from shared.events import (
    Event,
    Item,
    MissingItem,
    PaymentProcessed,
    PaymentStatus,
    ProductChanged,
    StockRejected,
    StockReleased,
    StockReserved,
    first_cause,
)
from tests.eventually import eventually

CUSTOMER = {"Authorization": "Bearer customer-token"}
OPERATOR = {"Authorization": "Bearer operator-token"}
LAMP, MUG = ("lamp", "Lamp", 1250), ("mug", "Mug", 795)


def body(*lines: Mapping[str, Any], **changes: object) -> dict[str, Any]:
    """A good order, but for the changes."""
    return {
        "customer_id": "ada",
        "customer_email": "ada@example.com",
        "items": list(lines) or [{"sku": "lamp", "quantity": 2}, {"sku": "mug", "quantity": 1}],
        "payment_method": "card_ok",
        **changes,
    }


@dataclass(frozen=True, slots=True)
class Counter:
    client: AsyncClient
    jetstream: JetStreamContext
    connection: asyncpg.Connection

    async def place(
        self, wanted: object = None, headers: Mapping[str, str] = CUSTOMER, **more: Any
    ) -> Response:
        if "content" not in more:
            more["json"] = body() if wanted is None else wanted
        return await self.client.post("/orders", headers=headers, **more)

    async def placed(self, wanted: object = None) -> UUID:
        answer = await self.place(wanted)
        assert answer.status_code == 202, answer.text
        return UUID(answer.json()["order_id"])

    async def confirmed(self) -> UUID:
        order_id = await self.placed()
        await self.hear(reserved(order_id), paid(order_id))
        await self.reaches(order_id, "CONFIRMED")
        return order_id

    async def read(self, order_id: UUID) -> dict[str, Any]:
        answer = await self.client.get(f"/orders/{order_id}", headers=CUSTOMER)
        assert answer.status_code == 200
        order: dict[str, Any] = answer.json()
        return order

    async def history(self, order_id: UUID) -> list[str]:
        answer = await self.client.get(f"/orders/{order_id}/events", headers=CUSTOMER)
        assert [entry["version"] for entry in answer.json()] == list(
            range(1, len(answer.json()) + 1)
        )
        return [entry["event_type"] for entry in answer.json()]

    async def command(
        self, order_id: object, verb: str, headers: Mapping[str, str] = OPERATOR, **more: Any
    ) -> Response:
        return await self.client.post(f"/orders/{order_id}/{verb}", headers=headers, **more)

    async def hear(self, *events: Event) -> None:
        for event in events:
            await self.jetstream.publish(event.subject, event.to_bytes())

    async def reaches(self, order_id: UUID, status: str) -> None:
        async def state() -> object:
            return (await self.read(order_id))["status"]

        await eventually(state, status)

    async def consumed(self, *events: Event) -> None:
        """Wait until the service has heard these."""

        async def heard() -> int:
            query = "SELECT count(*) FROM inbox WHERE event_id = ANY($1)"
            ids = [event.event_id for event in events]
            return int(await self.connection.fetchval(query, ids))

        await eventually(heard, len(events))

    async def said(self, order_id: UUID) -> list[str]:
        """What the others hear of the order, in turn."""
        query = """
            SELECT subject FROM outbox
            WHERE convert_from(payload, 'UTF8')::jsonb ->> 'order_id' = $1 ORDER BY created_at
        """
        return [row[0] for row in await self.connection.fetch(query, str(order_id))]

    async def published(self, order_id: UUID) -> int:
        """How much of what is to be said of the order the streams have."""
        query = """
            SELECT count(*) FROM outbox WHERE published_at IS NOT NULL
            AND convert_from(payload, 'UTF8')::jsonb ->> 'order_id' = $1
        """
        return int(await self.connection.fetchval(query, str(order_id)))

    async def stock_catalogue(self) -> None:
        events = [product(*LAMP), product(*MUG)]
        await self.hear(*events)
        await self.consumed(*events)


def product(
    sku: str, name: str, price_cents: int, *, currency: str = "EUR", at: datetime | None = None
) -> ProductChanged:
    return ProductChanged(
        **first_cause(event_id=new_id(), at=at or utc_now()),
        sku=sku,
        name=name,
        price_cents=price_cents,
        currency=currency,
    )


def reserved(order_id: UUID, *, for_s: float = 900) -> StockReserved:
    now = utc_now()
    return StockReserved(
        **first_cause(event_id=new_id(), at=now),
        order_id=order_id,
        reservation_id=new_id(),
        items=(Item(sku="lamp", name="Lamp", quantity=2, unit_price_cents=1250),),
        expires_at=now + timedelta(seconds=for_s),
        customer_id="ada",
        total_cents=3295,
        currency="EUR",
        payment_method="card_ok",
    )


def rejected(order_id: UUID) -> StockRejected:
    return StockRejected(
        **first_cause(event_id=new_id(), at=utc_now()),
        order_id=order_id,
        missing=(MissingItem(sku="lamp", requested=2, available=1),),
    )


def released(order_id: UUID, reason: str) -> StockReleased:
    return StockReleased(
        **first_cause(event_id=new_id(), at=utc_now()),
        order_id=order_id,
        reservation_id=new_id(),
        reason=reason,
    )


def paid(order_id: UUID, status: PaymentStatus = PaymentStatus.SUCCESS) -> PaymentProcessed:
    return PaymentProcessed(
        **first_cause(event_id=new_id(), at=utc_now()),
        order_id=order_id,
        payment_id=new_id(),
        amount_cents=3295,
        currency="EUR",
        payment_method="card_ok",
        status=status,
        reason=None if status is PaymentStatus.SUCCESS else "declined",
    )
