"""Changes of an order ↔ the JSON that stands in its history."""

from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from services.order.domain import (
    Cancelled,
    Change,
    Confirmed,
    Line,
    Placed,
    Reason,
    Recorded,
    Reserved,
    Shipped,
)

EVENT_TYPES: dict[type[Change], str] = {
    Placed: "OrderPlaced",
    Reserved: "OrderReserved",
    Confirmed: "OrderConfirmed",
    Cancelled: "OrderCancelled",
    Shipped: "OrderShipped",
}


def to_json(change: Change) -> str:
    """Return the change's data; its type stands beside it."""
    return orjson.dumps(change, default=str).decode()  # str: ids that Postgres's driver made


def from_row(version: int, event_type: str, timestamp: datetime, data: dict[str, Any]) -> Recorded:
    """Read back what `to_json` wrote."""
    return Recorded(version, timestamp, _change(event_type, data))


def _change(event_type: str, data: dict[str, Any]) -> Change:
    match event_type:
        case "OrderPlaced":
            return Placed(
                **{
                    **data,
                    "items": lines_of(data["items"]),
                    "correlation_id": UUID(data["correlation_id"]),
                }
            )
        case "OrderReserved":
            return Reserved(
                UUID(data["reservation_id"]), datetime.fromisoformat(data["expires_at"])
            )
        case "OrderConfirmed":
            return Confirmed(UUID(data["payment_id"]))
        case "OrderCancelled":
            return Cancelled(Reason(data["reason"]), data["detail"])
        case "OrderShipped":
            return Shipped(**data)
        case _:
            raise ValueError(f"an order's history holds no {event_type}")


def lines_of(items: list[dict[str, Any]]) -> tuple[Line, ...]:
    """Read an order's lines from JSON objects."""
    return tuple(Line(**item) for item in items)
