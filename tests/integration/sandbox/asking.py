"""What the shop asks of the provider, with one word a field to vary."""

from typing import Any
from uuid import uuid4

import httpx

from tests.integration.sandbox.running import Running


def charge(provider: Running, *, key: str | None = None, **changes: Any) -> httpx.Response:
    body = {
        "order_id": str(uuid4()),
        "amount_cents": 1250,
        "currency": "EUR",
        "payment_method": "card_ok",
    }
    headers = {"Idempotency-Key": key or str(uuid4())}
    return provider.http.post("/charges", json=body | changes, headers=headers)


def refund(
    provider: Running, charge: dict[str, Any], *, key: str | None = None, **changes: Any
) -> httpx.Response:
    body = {name: charge[name] for name in ("charge_id", "order_id", "amount_cents", "currency")}
    headers = {"Idempotency-Key": key or str(uuid4())}
    return provider.http.post("/refunds", json=body | changes, headers=headers)


def moved(provider: Running, order_id: str) -> list[str]:
    """Return the kinds of what was moved for an order."""
    return [one["kind"] for one in provider.ledger() if one["order_id"] == order_id]
