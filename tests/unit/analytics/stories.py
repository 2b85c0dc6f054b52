"""Events of orders as the shop would say them, made by hypothesis or by hand."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from hypothesis import strategies as st

from shared.clock import new_id
from shared.events import (
    CancelReason,
    EnvelopeFields,
    Event,
    Item,
    MissingItem,
    OrderCancelled,
    OrderConfirmed,
    OrderPlaced,
    OrderShipped,
    PaymentProcessed,
    PaymentRefunded,
    PaymentStatus,
    ProductChanged,
    StockRejected,
    StockReleased,
    StockReserved,
    first_cause,
)

START = datetime(2025, 1, 31, 23, 50, tzinfo=UTC)
LAMP = Item(sku="LAMP", name="Lamp", quantity=2, unit_price_cents=1250)


@dataclass(slots=True)
class Story:
    """One order; each verb returns the event, `minutes` after the start."""

    customer_id: str = "anna"
    currency: str = "EUR"
    items: tuple[Item, ...] = (LAMP,)
    payment_method: str = "card_ok"
    order_id: UUID = field(default_factory=new_id)

    @property
    def total_cents(self) -> int:
        return sum(item.quantity * item.unit_price_cents for item in self.items)

    def placed(self, minutes: float = 0) -> OrderPlaced:
        return OrderPlaced(
            **self._of_customer(minutes),
            **self._amount(),
            items=self.items,
            payment_method=self.payment_method,
        )

    def confirmed(self, minutes: float = 0) -> OrderConfirmed:
        return OrderConfirmed(
            **self._of_customer(minutes), **self._amount(), items=self.items, payment_id=new_id()
        )

    def cancelled(self, minutes: float = 0) -> OrderCancelled:
        return OrderCancelled(
            **self._of_customer(minutes), **self._amount(), reason=CancelReason.CUSTOMER_REQUEST
        )

    def shipped(self, minutes: float = 0) -> OrderShipped:
        return OrderShipped(**self._of_customer(minutes), carrier="DHL", tracking_number="1")

    def rejected(self, minutes: float = 0) -> StockRejected:
        missing = (MissingItem(sku="LAMP", requested=2, available=1),)
        return StockRejected(**self._envelope(minutes), missing=missing)

    def reserved(self, minutes: float = 0) -> StockReserved:
        return StockReserved(
            **self._envelope(minutes),
            **self._amount(),
            reservation_id=new_id(),
            items=self.items,
            expires_at=START,
            customer_id=self.customer_id,
            payment_method=self.payment_method,
        )

    def released(self, minutes: float = 0) -> StockReleased:
        return StockReleased(**self._envelope(minutes), reservation_id=new_id(), reason="expired")

    def paid(self, minutes: float = 0, *, status: str = "SUCCESS") -> PaymentProcessed:
        return PaymentProcessed(
            **self._envelope(minutes),
            payment_id=new_id(),
            amount_cents=self.total_cents,
            currency=self.currency,
            payment_method=self.payment_method,
            status=PaymentStatus(status),
        )

    def refunded(self, minutes: float = 0) -> PaymentRefunded:
        return PaymentRefunded(
            **self._envelope(minutes),
            payment_id=new_id(),
            refund_id=new_id(),
            amount_cents=self.total_cents,
            currency=self.currency,
            reason="cancelled",
        )

    def _envelope(self, minutes: float) -> dict[str, Any]:
        return {**_said(minutes), "order_id": self.order_id}

    def _of_customer(self, minutes: float) -> dict[str, Any]:
        return {
            **self._envelope(minutes),
            "customer_id": self.customer_id,
            "customer_email": f"{self.customer_id}@example.org",
        }

    def _amount(self) -> dict[str, Any]:
        return {"total_cents": self.total_cents, "currency": self.currency}


def product_changed(minutes: float = 0) -> ProductChanged:
    return ProductChanged(
        **_said(minutes), sku="LAMP", name="Lamp", price_cents=1250, currency="EUR"
    )


def _said(minutes: float) -> EnvelopeFields:
    return first_cause(event_id=new_id(), at=START + timedelta(minutes=minutes))


items = st.builds(
    Item,
    sku=st.sampled_from(["LAMP", "MUG", "ROPE"]),
    name=st.sampled_from(["Lamp", "lamp", "Ärmel", "Zip 🪢"]),
    quantity=st.integers(1, 9),
    unit_price_cents=st.integers(0, 999),
)
minutes = st.one_of(st.integers(0, 30), st.floats(0, 5))


@st.composite
def orders(draw: st.DrawFn) -> list[Event]:
    """All that is said about one order, of any outcome; times need not follow the story's order."""
    story = Story(
        customer_id=draw(st.sampled_from(["anna", "bert", "Zoë"])),
        currency=draw(st.sampled_from(["EUR", "EUR", "GBP"])),
        items=tuple(draw(st.lists(items, min_size=1, max_size=4))),
        payment_method=draw(st.sampled_from(["card_ok", "card_slow"])),
    )
    said: list[Event] = [story.placed(draw(minutes))]
    outcome = draw(st.sampled_from(["sold", "taken back", "declined", "rejected", "open"]))
    match outcome:
        case "sold":
            said += [story.reserved(draw(minutes)), story.paid(draw(minutes))]
            said += [story.confirmed(draw(minutes)), story.shipped(draw(minutes))]
        case "taken back":
            said += [story.paid(draw(minutes)), story.confirmed(draw(minutes))]
            said += [story.cancelled(draw(minutes)), story.refunded(draw(minutes))]
        case "declined":
            said += [story.reserved(draw(minutes)), story.paid(draw(minutes), status="FAILED")]
            said += [story.cancelled(draw(minutes)), story.released(draw(minutes))]
        case "rejected":
            said += [story.rejected(draw(minutes)), story.cancelled(draw(minutes))]
    return said


histories = st.lists(orders(), max_size=6).map(
    lambda told: [event for one in told for event in one]
)


@st.composite
def deliveries(draw: st.DrawFn) -> tuple[list[Event], list[list[Event]]]:
    """A history, and how it may arrive: shuffled, with repeats, in groups of any size."""
    history = draw(histories)
    repeats = draw(st.lists(st.sampled_from(history), max_size=8)) if history else []
    arriving = draw(st.permutations(history + repeats))
    groups: list[list[Event]] = []
    while arriving:
        size = draw(st.integers(1, len(arriving)))
        groups.append(list(arriving[:size]))
        arriving = arriving[size:]
    return history, groups
