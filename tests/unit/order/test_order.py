"""What may happen to an order: in turn, late, twice, and overtaken."""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from itertools import product

import pytest

from services.order.domain import (
    Cancelled,
    Confirmed,
    IllegalTransition,
    Order,
    OrderError,
    OrderStatus,
    Placed,
    Reason,
    Recorded,
    Reserved,
    Shipped,
)
from tests.unit.order.stories import (
    ENDS,
    ORDER,
    PAYMENT,
    PLACED,
    RESERVATION,
    START,
    after,
    order_in,
    placed,
)

Verb = Callable[[Order], None]

S = OrderStatus
VERBS: dict[str, Verb] = {
    "reserved": lambda o: o.note_reservation(RESERVATION, expires_at=ENDS, at=after(10)),
    "paid": lambda o: o.note_payment(PAYMENT, at=after(10)),
    "declined": lambda o: o.note_failed_payment("declined", at=after(10)),
    "out of stock": lambda o: o.note_missing_stock("lamp: 2 wanted, 1 there", at=after(10)),
    "reservation expired": lambda o: o.note_expired_reservation(at=after(10)),
    "expired": lambda o: o.expire("it took too long", at=after(10)),
    "cancelled": lambda o: o.cancel(at=after(10)),
    "shipped": lambda o: o.ship("post", "42", at=after(10)),
}
# What each verb makes of each state; None: it raises and changes nothing.
TABLE: dict[str, dict[OrderStatus, OrderStatus | None]] = {
    "reserved": {
        S.PLACED: S.RESERVED,
        S.RESERVED: S.RESERVED,
        S.CONFIRMED: S.CONFIRMED,
        S.CANCELLED: S.CANCELLED,
        S.SHIPPED: S.SHIPPED,
    },
    "paid": {
        S.PLACED: S.CONFIRMED,
        S.RESERVED: S.CONFIRMED,
        S.CONFIRMED: S.CONFIRMED,
        S.CANCELLED: S.CANCELLED,
        S.SHIPPED: S.SHIPPED,
    },
    "declined": {
        S.PLACED: S.CANCELLED,
        S.RESERVED: S.CANCELLED,
        S.CONFIRMED: S.CONFIRMED,
        S.CANCELLED: S.CANCELLED,
        S.SHIPPED: S.SHIPPED,
    },
    "out of stock": {
        S.PLACED: S.CANCELLED,
        S.RESERVED: S.CANCELLED,
        S.CONFIRMED: S.CANCELLED,
        S.CANCELLED: S.CANCELLED,
        S.SHIPPED: S.SHIPPED,
    },
    "reservation expired": {
        S.PLACED: S.CANCELLED,
        S.RESERVED: S.CANCELLED,
        S.CONFIRMED: S.CONFIRMED,
        S.CANCELLED: S.CANCELLED,
        S.SHIPPED: S.SHIPPED,
    },
    "expired": {
        S.PLACED: S.CANCELLED,
        S.RESERVED: S.CANCELLED,
        S.CONFIRMED: S.CONFIRMED,
        S.CANCELLED: S.CANCELLED,
        S.SHIPPED: S.SHIPPED,
    },
    "cancelled": {
        S.PLACED: S.CANCELLED,
        S.RESERVED: S.CANCELLED,
        S.CONFIRMED: S.CANCELLED,
        S.CANCELLED: S.CANCELLED,
        S.SHIPPED: None,
    },
    "shipped": {
        S.PLACED: None,
        S.RESERVED: None,
        S.CONFIRMED: S.SHIPPED,
        S.CANCELLED: None,
        S.SHIPPED: None,
    },
}
CASES = [(verb, before, end) for verb, row in TABLE.items() for before, end in row.items()]


@pytest.mark.parametrize(("verb", "before", "end"), CASES)
def test_each_verb_in_each_state(verb: str, before: OrderStatus, end: OrderStatus | None) -> None:
    order = order_in(before)
    version, changes = order.version, len(order.recorded)
    if end is None:
        with pytest.raises(IllegalTransition, match=f"is {before}"):
            VERBS[verb](order)
    else:
        VERBS[verb](order)
    assert order.status is (end or before)
    moved = order.status is not before
    assert (order.version, len(order.recorded)) == (version + moved, changes + moved)


@pytest.mark.parametrize("verb", [verb for verb in VERBS if verb != "shipped"])
@pytest.mark.parametrize("before", [S.PLACED, S.RESERVED, S.CONFIRMED])
def test_twice_is_as_good_as_once(verb: str, before: OrderStatus) -> None:
    order = order_in(before)
    VERBS[verb](order)
    once = (order.status, order.version, list(order.recorded))
    VERBS[verb](order)
    assert (order.status, order.version, order.recorded) == once


def test_whatever_happens_the_history_folds_to_the_order() -> None:
    for verbs in product(VERBS.values(), repeat=3):
        order = placed()
        for verb in verbs:
            with suppress(IllegalTransition):
                verb(order)
        assert [entry.version for entry in order.recorded] == list(range(1, order.version + 1))
        folded = Order.from_history(ORDER, list(order.recorded))
        order.recorded.clear()
        assert folded == order


def test_money_that_comes_after_the_reservation_ran_out_is_not_kept() -> None:
    order = order_in(S.RESERVED)
    order.note_payment(PAYMENT, at=ENDS + timedelta(seconds=1))
    assert order.status is S.CANCELLED
    assert order.cancelled == Cancelled(Reason.EXPIRED, "paid after the reservation ran out")
    assert order.payment_id is None


def test_a_payment_that_overtakes_its_reservation_confirms() -> None:
    order = placed()
    order.note_payment(PAYMENT, at=after(1))
    order.note_reservation(RESERVATION, expires_at=ENDS, at=after(1))
    assert [type(entry.change) for entry in order.recorded] == [Placed, Confirmed]


def test_the_first_reason_to_cancel_stands() -> None:
    order = placed()
    order.cancel(at=after(1))
    order.note_missing_stock("lamp: 2 wanted, 0 there", at=after(2))
    order.note_failed_payment("declined", at=after(3))
    assert order.cancelled == Cancelled(Reason.CUSTOMER_REQUEST, "")


def test_a_history_does_not_run_backwards() -> None:
    order = order_in(S.CONFIRMED)
    order.ship("post", "42", at=START - timedelta(hours=1))
    assert [entry.at for entry in order.recorded] == sorted(e.at for e in order.recorded)


def test_a_history_begins_with_its_placing_and_has_one() -> None:
    reserved = Recorded(1, START, Reserved(RESERVATION, ENDS))
    with pytest.raises(OrderError, match="does not begin with Placed"):
        Order.from_history(ORDER, [reserved])
    twice = [Recorded(1, START, PLACED), Recorded(2, START, PLACED)]
    with pytest.raises(OrderError, match="placed twice"):
        Order.from_history(ORDER, twice)


def test_what_is_shipped_says_how() -> None:
    order = order_in(S.SHIPPED)
    assert order.shipped == Shipped("post", "42")
