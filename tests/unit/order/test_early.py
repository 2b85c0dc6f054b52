"""Which answers wait for the one that comes first as a rule."""

from typing import Any

import pytest

from services.order import use_cases
from services.order.domain import OrderStatus
from services.order.repository import Book
from services.order.use_cases import Desk
from shared.clock import new_id, utc_now
from shared.events import PaymentProcessed, PaymentStatus, first_cause
from tests.unit.order.stories import ORDER, PAYMENT, order_in

NOBODY: Any = None  # neither commits nor catalogue have a part in it
DESK = Desk(NOBODY, NOBODY, utc_now, new_id)


def is_early(book: Book) -> bool:
    paid = PaymentProcessed(
        **first_cause(event_id=new_id(), at=utc_now()),
        order_id=ORDER,
        payment_id=PAYMENT,
        amount_cents=3295,
        currency="EUR",
        payment_method="card_ok",
        status=PaymentStatus.SUCCESS,
    )
    asks = use_cases.note_payment(DESK, paid).is_early
    assert asks is not None
    return asks(book)


@pytest.mark.parametrize("status", OrderStatus)
def test_a_payment_is_early_while_the_reservation_is_not_noted(status: OrderStatus) -> None:
    assert is_early(Book({ORDER: order_in(status)})) == (status is OrderStatus.PLACED)


def test_a_payment_of_an_order_that_is_not_there_does_not_wait_for_it() -> None:
    assert not is_early(Book())
