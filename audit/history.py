"""I2 and I6: each order's history, folded again and held against its row."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import Any

from audit.violations import Invariant, Violation, of_order

Fields = Mapping[str, Any]

TERMINAL = frozenset({"CONFIRMED", "CANCELLED", "SHIPPED"})
FOLLOWS = {
    "": frozenset({"PLACED"}),
    "PLACED": frozenset({"RESERVED", "CONFIRMED", "CANCELLED"}),
    "RESERVED": frozenset({"CONFIRMED", "CANCELLED"}),
    "CONFIRMED": frozenset({"SHIPPED", "CANCELLED"}),
    "CANCELLED": frozenset[str](),
    "SHIPPED": frozenset[str](),
}
STATUS_AFTER = {
    "OrderPlaced": "PLACED",
    "OrderReserved": "RESERVED",
    "OrderConfirmed": "CONFIRMED",
    "OrderCancelled": "CANCELLED",
    "OrderShipped": "SHIPPED",
}
TOLD = frozenset(STATUS_AFTER) - {"OrderReserved"}
"""The changes that the order service tells the others."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A row of an order's history."""

    order_id: str
    version: int
    event_type: str
    timestamp: datetime
    data: Fields


def examine(rows: Sequence[Fields], entries: Sequence[Entry]) -> Iterator[Violation]:
    """Compare rows with histories; both hold the same range of orders, in their order."""
    histories = by_order(entries)
    stored = {row["order_id"]: row for row in rows}
    for order_id in histories.keys() - stored.keys():
        yield of_order(Invariant.I6, order_id, expected="a row", found="events, and no row")
    for order_id, row in stored.items():
        history = histories.get(order_id)
        if history is None:
            yield of_order(Invariant.I6, order_id, expected="events", found="a row, and no events")
            continue
        yield from _gaps(order_id, history)
        yield from _moves(order_id, history)
        yield from _differences(order_id, fold(history), row)
        yield from _ending(order_id, row["status"])


def by_order(entries: Iterable[Entry]) -> dict[str, list[Entry]]:
    return {order_id: list(group) for order_id, group in groupby(entries, attrgetter("order_id"))}


def told(entries: Iterable[Entry]) -> Iterator[tuple[str, str, int]]:
    """Yield (order, event type, times) of the changes that the others were told."""
    counts = Counter((it.order_id, it.event_type) for it in entries if it.event_type in TOLD)
    return ((order_id, event_type, times) for (order_id, event_type), times in counts.items())


def fold(history: Iterable[Entry]) -> dict[str, Any]:
    """Return the row that a history should give."""
    row: dict[str, Any] = dict.fromkeys(
        ("reservation_expires_at", "payment_id", "cancel_reason", "cancel_detail")
    )
    row |= {"carrier": None, "tracking_number": None}
    for entry in history:
        row |= _effect(entry)
        row["status"] = STATUS_AFTER.get(entry.event_type, entry.event_type)
        row["version"] = entry.version
        row["updated_at"] = entry.timestamp
    return row


def _effect(entry: Entry) -> Fields:
    data = entry.data
    match entry.event_type:
        case "OrderPlaced":
            return {**data, "placed_at": entry.timestamp}
        case "OrderReserved":
            return {"reservation_expires_at": datetime.fromisoformat(data["expires_at"])}
        case "OrderConfirmed":
            return {"payment_id": data["payment_id"]}
        case "OrderCancelled":
            return {"cancel_reason": data["reason"], "cancel_detail": data["detail"]}
        case "OrderShipped":
            return data
        case _:
            return {}


def _gaps(order_id: str, history: Sequence[Entry]) -> Iterator[Violation]:
    versions = [entry.version for entry in history]
    if versions != list(range(1, len(versions) + 1)):
        expected = f"versions 1 to {len(versions)}"
        yield of_order(Invariant.I6, order_id, expected=expected, found=f"versions {versions}")


def _moves(order_id: str, history: Sequence[Entry]) -> Iterator[Violation]:
    status = ""
    for entry in history:
        after = STATUS_AFTER.get(entry.event_type, entry.event_type)
        if after not in FOLLOWS.get(status, frozenset()):
            allowed = " or ".join(sorted(FOLLOWS.get(status, ()))) or "nothing"
            yield of_order(
                Invariant.I2,
                order_id,
                expected=f"{allowed} after {status or 'the beginning'}",
                found=f"{entry.event_type} at version {entry.version}",
            )
        status = after


def _differences(order_id: str, folded: Fields, row: Fields) -> Iterator[Violation]:
    for column, value in folded.items():
        stored = row.get(column)
        if stored != value:
            yield of_order(
                Invariant.I6,
                order_id,
                expected=f"{column} {_short(value)}, by its events",
                found=f"{column} {_short(stored)} in its row",
            )
    items = row["items"]
    total = sum(item["quantity"] * item["unit_price_cents"] for item in items)
    if total != row["total_cents"]:
        yield of_order(
            Invariant.I6,
            order_id,
            expected=f"total_cents {total}, the sum of its items",
            found=f"total_cents {row['total_cents']}",
        )


def _ending(order_id: str, status: str) -> Iterator[Violation]:
    if status not in TERMINAL:
        expected = "CONFIRMED, CANCELLED or SHIPPED"
        yield of_order(Invariant.I2, order_id, expected=expected, found=status)


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= 120 else f"{text[:120]}…"
