"""What the provider's own ledger says, and how to make the provider misbehave."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx


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

    async def misbehave(self, mode: str, *, seconds: float = 1.0, count: int | None = None) -> None:
        fault = {"mode": mode, "seconds": seconds, "count": count}
        (await self.client.put("/faults", json=fault)).raise_for_status()

    async def behave(self) -> None:
        (await self.client.delete("/faults")).raise_for_status()

    async def _ledger(self) -> list[dict[str, Any]]:
        answer = await self.client.get("/ledger", params={"limit": 100_000})
        movements: list[dict[str, Any]] = answer.json()["movements"]
        return movements
