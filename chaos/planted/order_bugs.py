"""A bug in what an order makes of its payment."""

from datetime import datetime
from uuid import UUID

from services.order.domain import Confirmed, Order


def confirm_blindly() -> None:
    """Paid is confirmed, whatever became of the order meanwhile."""

    def note_payment(self: Order, payment_id: UUID, *, at: datetime) -> None:
        self._record(Confirmed(payment_id), at)

    Order.note_payment = note_payment  # type: ignore[method-assign]  # planted
