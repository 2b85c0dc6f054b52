"""An order comes back from its row as it was; its lines when they are looked at."""

import orjson
import pytest
from pydantic import ValidationError

from services.order.domain import Line, Order, OrderStatus
from services.order.history import StoredLines
from services.order.repository import LOAD_ORDERS, _order
from tests.unit.order.stories import PLACED, order_in

LINES = orjson.dumps(PLACED.items).decode()


def row_of(order: Order) -> tuple[object, ...]:
    """The row as LOAD_ORDERS asks for it."""
    cancelled, shipped = order.cancelled, order.shipped
    values = {
        "order_id": order.order_id,
        "version": order.version,
        "status": str(order.status),
        "customer_id": PLACED.customer_id,
        "customer_email": PLACED.customer_email,
        "items": LINES,
        "total_cents": PLACED.total_cents,
        "currency": PLACED.currency,
        "payment_method": PLACED.payment_method,
        "correlation_id": PLACED.correlation_id,
        "placed_at": order.placed_at,
        "updated_at": order.updated_at,
        "reservation_expires_at": order.reservation_expires_at,
        "payment_id": order.payment_id,
        "cancel_reason": cancelled and str(cancelled.reason),
        "cancel_detail": cancelled and cancelled.detail,
        "carrier": shipped and shipped.carrier,
        "tracking_number": shipped and shipped.tracking_number,
    }
    columns = LOAD_ORDERS.partition("SELECT")[2].partition("FROM")[0].split(",")
    return tuple(values[column.strip().removesuffix("::text")] for column in columns)


@pytest.mark.parametrize("status", list(OrderStatus))
def test_an_order_comes_back_from_its_row(status: OrderStatus) -> None:
    order = order_in(status)
    again = _order(row_of(order))  # type: ignore[arg-type]  # a Record is read like a tuple
    order.recorded.clear()
    assert again == order
    assert type(again.status) is OrderStatus


def test_stored_lines_are_a_sequence_of_the_lines() -> None:
    lines = StoredLines(LINES)
    assert (len(lines), lines[0], lines[1:], tuple(lines)) == (
        2,
        Line("lamp", "Lamp", 2, 1250),
        (Line("mug", "Mug", 1, 795),),
        PLACED.items,
    )
    assert lines == PLACED.items == StoredLines(LINES) == lines
    assert hash(lines) == hash(PLACED.items)
    assert lines != PLACED.items[:1]


def test_stored_lines_are_read_when_they_are_looked_at() -> None:
    broken = StoredLines('[{"sku":"lamp"}]')
    with pytest.raises(ValidationError):
        len(broken)
