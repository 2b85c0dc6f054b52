"""Which answers wait for the one that comes first as a rule."""

from typing import Any

import pytest

from services.order import use_cases
from services.order.domain import OrderStatus
from services.order.repository import Book
from services.order.use_cases import Desk
from shared.clock import new_id, utc_now
from tests.unit.order.stories import ORDER, order_in, paid

NOBODY: Any = None  # neither commits nor catalogue have a part in it
DESK = Desk(NOBODY, NOBODY, utc_now, new_id)


def is_early(book: Book) -> bool:
    asks = use_cases.note_payment(DESK, paid()).is_early
    assert asks is not None
    return asks(book)


@pytest.mark.parametrize("status", OrderStatus)
def test_a_payment_is_early_while_the_reservation_is_not_noted(status: OrderStatus) -> None:
    assert is_early(Book({ORDER: order_in(status)})) == (status is OrderStatus.PLACED)


def test_a_payment_of_an_order_that_is_not_there_does_not_wait_for_it() -> None:
    assert not is_early(Book())
