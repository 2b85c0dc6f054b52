"""What the others hear of an order's changes."""

from dataclasses import replace
from itertools import count
from uuid import UUID

import orjson
import pytest

from services.order.domain import OrderStatus
from services.order.history import EVENT_TYPES, from_row, to_json
from services.order.outgoing import events_after
from shared.clock import new_id
from shared.events import (
    OrderCancelled,
    OrderConfirmed,
    OrderPlaced,
    OrderShipped,
)
from tests.unit.order.stories import CAUSE, ORDER, PLACED, after, order_in, paid, placed


def ids() -> UUID:
    return UUID(int=next(_numbers))


_numbers = count(1)


def test_a_placed_order_is_its_own_first_cause() -> None:
    (event,) = events_after(placed(), 0, cause=None, new_id=ids)
    assert isinstance(event, OrderPlaced)
    assert (event.event_id, event.correlation_id, event.causation_id) == (CAUSE, CAUSE, None)
    assert (event.order_id, event.total_cents) == (ORDER, 3295)
    assert [(item.sku, item.quantity, item.unit_price_cents) for item in event.items] == [
        ("lamp", 2, 1250),
        ("mug", 1, 795),
    ]


@pytest.mark.parametrize(
    ("status", "kinds"),
    [
        (OrderStatus.RESERVED, []),  # inventory has said so
        (OrderStatus.CONFIRMED, [OrderConfirmed]),
        (OrderStatus.SHIPPED, [OrderConfirmed, OrderShipped]),
        (OrderStatus.CANCELLED, [OrderCancelled]),
    ],
)
def test_each_change_is_said_once_and_in_turn(status: OrderStatus, kinds: list[type]) -> None:
    order, cause = order_in(status), paid()
    events = events_after(order, 1, cause=cause, new_id=ids)
    assert [type(event) for event in events] == kinds
    for event in events:
        assert (event.correlation_id, event.causation_id) == (CAUSE, cause.event_id)
        assert type(event).from_bytes(event.to_bytes()) == event
    assert len({event.event_id for event in events}) == len(events)


def test_nothing_new_is_nothing_said() -> None:
    order = order_in(OrderStatus.SHIPPED)
    assert events_after(order, order.version, cause=None, new_id=ids) == ()


@pytest.mark.parametrize("status", list(OrderStatus))
def test_the_history_comes_back_from_json_as_it_was(status: OrderStatus) -> None:
    for entry in order_in(status).recorded:
        data = orjson.loads(to_json(entry.change))
        kind = EVENT_TYPES[type(entry.change)]
        assert from_row(entry.version, kind, entry.at, data) == entry


def test_an_id_that_was_just_made_stands_in_the_history_as_any_other() -> None:
    change = replace(PLACED, correlation_id=new_id())
    again = from_row(1, "OrderPlaced", after(0), orjson.loads(to_json(change)))
    assert again.change == change


def test_a_history_with_an_unknown_entry_is_refused() -> None:
    with pytest.raises(ValueError, match="OrderPainted"):
        from_row(1, "OrderPainted", after(0), {})
