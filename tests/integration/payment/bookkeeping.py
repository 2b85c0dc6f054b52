"""What the provider's own ledger says, and how to make the provider misbehave."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx

BY_HAND = {"currency": "EUR", "payment_method": "card_ok"}


@dataclass(frozen=True, slots=True)
class ProviderBooks:
    client: httpx.AsyncClient

    @property
    def url(self) -> str:
        return str(self.client.base_url).rstrip("/")

    async def movements(self, order_id: UUID) -> list[tuple[str, int]]:
        """The order's movements of money, as (kind, amount), in order."""
        return [
            (movement["kind"], movement["amount_cents"])
            for movement in await self._ledger()
            if movement["order_id"] == str(order_id) and movement["status"] == "succeeded"
        ]

    async def held(self) -> dict[str, int]:
        """Captured less refunded, for each order."""
        held: dict[str, int] = {}
        for movement in await self._ledger():
            if movement["status"] == "succeeded":
                sign = 1 if movement["kind"] == "charge" else -1
                order_id = movement["order_id"]
                held[order_id] = held.get(order_id, 0) + sign * movement["amount_cents"]
        return held

    async def last(self) -> tuple[int, str]:
        """Return the id and key of the last movement; 0 and nothing if there is none."""
        ledger = await self._ledger()
        return (ledger[-1]["movement_id"], ledger[-1]["key"]) if ledger else (0, "")

    async def charge_by_hand(self, order_id: UUID | str, cents: int, *, key: str) -> str:
        """Take money that payment knows nothing of; return the charge's id."""
        body = {"order_id": str(order_id), "amount_cents": cents, **BY_HAND}
        answer = await self.client.post("/charges", json=body, headers={"Idempotency-Key": key})
        return str(answer.raise_for_status().json()["charge_id"])

    async def refund_by_hand(
        self, order_id: UUID | str, cents: int, *, charge_id: str, key: str
    ) -> None:
        order = {"charge_id": charge_id, "order_id": str(order_id)}
        body = order | {"amount_cents": cents, "currency": BY_HAND["currency"]}
        answer = await self.client.post("/refunds", json=body, headers={"Idempotency-Key": key})
        answer.raise_for_status()

    async def misbehave(self, mode: str, *, seconds: float = 1.0, count: int | None = None) -> None:
        fault = {"mode": mode, "seconds": seconds, "count": count}
        (await self.client.put("/faults", json=fault)).raise_for_status()

    async def behave(self) -> None:
        (await self.client.delete("/faults")).raise_for_status()

    async def _ledger(self) -> list[dict[str, Any]]:
        answer = await self.client.get("/ledger", params={"limit": 100_000})
        movements: list[dict[str, Any]] = answer.json()["movements"]
        return movements
