"""A small shop in which everything is as it should be; tests then break one thing.

Five orders: one confirmed, one shipped, one whose payment failed, one cancelled after its
confirmation and refunded, one out of stock.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from msgspec.structs import asdict

from audit.evidence import Evidence
from audit.reading import messages
from audit.rows import (
    Accepted,
    Bought,
    Change,
    Event,
    Extent,
    Heard,
    Hearing,
    Line,
    Listed,
    Mail,
    Movement,
    Order,
    Received,
    Reservation,
    Said,
    Shelf,
)
from shared import events as e
from shared.events.topology import SUBSCRIPTIONS

START = datetime(2026, 3, 1, 8, 0, 30, tzinfo=UTC)
EMAIL = "ada@example.com"
TOTAL = 2500
ITEMS = (e.Item("PEN", "Pen", 2, 500), e.Item("INK", "Ink", 1, 1500))

CONFIRMED, SHIPPED, DECLINED, REFUNDED, MISSING = (
    str(UUID(int=(0x019CA7 << 104) + number)) for number in range(1, 6)
)
ORDERS = {
    CONFIRMED: "CONFIRMED",
    SHIPPED: "SHIPPED",
    DECLINED: "CANCELLED",
    REFUNDED: "CANCELLED",
    MISSING: "CANCELLED",
}
KINDS = ("OrderConfirmed", "OrderCancelled", "OrderShipped", "PaymentRefunded")


def event_id(number: int) -> UUID:
    return UUID(int=(0x019CA8 << 104) + number)


class Story:
    """Events of the contract, each a minute after the one before."""

    def __init__(self) -> None:
        self.events: list[e.Event] = []

    def tell(self, event_type: type[e.Event], order_id: str, **fields: Any) -> None:
        number = len(self.events)
        fields |= {"order_id": UUID(order_id)}
        self.events.append(
            event_type(
                event_id=event_id(number),
                timestamp=START + timedelta(minutes=number),
                correlation_id=event_id(0),
                **fields,
            )
        )

    def placed(self, order_id: str) -> None:
        customer = {"customer_id": f"customer-{order_id[-1]}", "customer_email": EMAIL}
        money = {"total_cents": TOTAL, "currency": "EUR", "payment_method": "card_ok"}
        self.tell(e.OrderPlaced, order_id, items=ITEMS, **customer, **money)

    def paid(self, order_id: str, status: e.PaymentStatus) -> None:
        ids = {"payment_id": event_id(99), "payment_method": "card_ok"}
        money = {"amount_cents": TOTAL, "currency": "EUR"}
        self.tell(e.PaymentProcessed, order_id, status=status, **ids, **money)

    def confirmed(self, order_id: str) -> None:
        who = {"customer_id": "c", "customer_email": EMAIL, "payment_id": event_id(99)}
        money = {"total_cents": TOTAL, "currency": "EUR"}
        self.tell(e.OrderConfirmed, order_id, items=ITEMS, **who, **money)

    def cancelled(self, order_id: str, reason: e.CancelReason) -> None:
        who = {"customer_id": "c", "customer_email": EMAIL, "reason": reason}
        self.tell(e.OrderCancelled, order_id, total_cents=TOTAL, currency="EUR", **who)

    def shipped(self, order_id: str) -> None:
        who = {"customer_id": "c", "customer_email": EMAIL}
        self.tell(e.OrderShipped, order_id, carrier="DHL", tracking_number="1", **who)

    def refunded(self, order_id: str) -> None:
        ids = {"payment_id": event_id(99), "refund_id": event_id(98), "reason": "r"}
        self.tell(e.PaymentRefunded, order_id, amount_cents=TOTAL, currency="EUR", **ids)

    def rejected(self, order_id: str) -> None:
        missing = (e.MissingItem("INK", 1, 0),)
        self.tell(e.StockRejected, order_id, missing=missing)


def story() -> list[e.Event]:
    told = Story()
    for order_id in ORDERS:
        told.placed(order_id)
    for order_id in (CONFIRMED, SHIPPED, REFUNDED):
        told.paid(order_id, e.PaymentStatus.SUCCESS)
        told.confirmed(order_id)
    told.shipped(SHIPPED)
    told.paid(DECLINED, e.PaymentStatus.FAILED)
    told.cancelled(DECLINED, e.CancelReason.PAYMENT_FAILED)
    told.cancelled(REFUNDED, e.CancelReason.CUSTOMER_REQUEST)
    told.refunded(REFUNDED)
    told.rejected(MISSING)
    told.cancelled(MISSING, e.CancelReason.OUT_OF_STOCK)
    return told.events


def good_shop() -> Evidence:
    evidence, told = Evidence(), story()
    evidence.add(Extent, [("ORDERS", 1, 11), ("PAYMENTS", 1, 5)])
    evidence.add(Hearing, [(s.group, s.event_type, s.subject, s.stream) for s in SUBSCRIPTIONS])
    evidence.add(Event, map(messages.event_row, told))
    evidence.add(Line, [line for event in told for line in messages.lines(event)])
    evidence.add(Heard, _heard(told))
    evidence.add(Said, _said(told))
    evidence.add(Order, [(it, status, 3, TOTAL, "EUR", EMAIL) for it, status in ORDERS.items()])
    evidence.add(Change, _changes(told))
    evidence.add(Accepted, [("an answer kept for a key", CONFIRMED)])
    evidence.add(Movement, _movements())
    evidence.add(Mail, _mails(told))
    evidence.add(Reservation, [(CONFIRMED, "SOLD"), (SHIPPED, "SOLD")])
    evidence.add(Shelf, [("PEN", 96, 0, 4, 100), ("INK", 0, 0, 2, 2)])
    evidence.add(Listed, [("PEN", 96, 0, 4, 100, 96), ("INK", 0, 0, 2, 2, 0)])
    evidence.add(Received, [("PEN", 100), ("INK", 2)])
    evidence.add(Bought, [("PEN", 4), ("INK", 2)])
    evidence.complete()
    return evidence


def _heard(told: list[e.Event]) -> Iterator[Heard]:
    for event in told:
        for subscription in SUBSCRIPTIONS:
            if subscription.event_type == event.event_type:
                yield Heard(subscription.group, str(event.event_id))


def _said(told: list[e.Event]) -> Iterator[Said]:
    for event in told:
        yield Said("somebody", str(event.event_id), event.subject)


def _changes(told: list[e.Event]) -> Iterator[Change]:
    for event in told:
        if event.subject.startswith("orders."):
            yield Change(str(asdict(event)["order_id"]), event.event_type, 1)


def _movements() -> Iterator[Movement]:
    for number, order_id in enumerate((CONFIRMED, SHIPPED, REFUNDED), start=1):
        yield Movement(
            str(number), "charge", "succeeded", order_id, f"charge-{number}", TOTAL, "EUR"
        )
    yield Movement("4", "charge", "declined", DECLINED, "charge-4", TOTAL, "EUR")
    yield Movement("5", "refund", "succeeded", REFUNDED, "refund-3", TOTAL, "EUR")


def _mails(told: list[e.Event]) -> Iterator[Mail]:
    for event in told:
        if event.event_type in KINDS:
            yield Mail(f"{event.event_id}@shop.example", str(event.event_id), EMAIL)
