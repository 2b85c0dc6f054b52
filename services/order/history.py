"""Changes of an order ↔ the JSON that stands in its history."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, overload
from uuid import UUID

import orjson
from pydantic import TypeAdapter

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


_read_lines = TypeAdapter(tuple[Line, ...]).validator.validate_json  # 1 µs less than by hand


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


class StoredLines(Sequence[Line]):
    """An order's lines, read from their JSON when somebody looks at them; equal to their tuple.

    Half of the events that an order hears do not: 3 µs each for three lines.
    """

    __slots__ = ("_json", "_lines")

    def __init__(self, json: str) -> None:
        self._json = json
        self._lines: tuple[Line, ...] | None = None

    @overload
    def __getitem__(self, index: int) -> Line: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Line, ...]: ...
    def __getitem__(self, index: int | slice) -> Line | tuple[Line, ...]:
        return self._read()[index]

    def __len__(self) -> int:
        return len(self._read())

    def __iter__(self) -> Iterator[Line]:
        return iter(self._read())

    def __eq__(self, other: object) -> bool:
        return self._read() == (other._read() if isinstance(other, StoredLines) else other)

    def __hash__(self) -> int:
        return hash(self._read())

    def _read(self) -> tuple[Line, ...]:
        if self._lines is None:
            self._lines = _read_lines(self._json)
        return self._lines
