"""A product's stock and a reservation's states: the aggregates alone."""

from collections.abc import Callable

import pytest

from services.inventory.domain import (
    CLOCK_TICK,
    TRANSITIONS,
    Description,
    IllegalTransition,
    NotEnough,
    Product,
    Reservation,
    ReservationState,
)
from tests.unit.inventory.stories import HOUR, MUG, NOON, product, reservation

Move = Callable[[Product, int], None]

VERBS = {
    ReservationState.RESERVED: Reservation.reserve,
    ReservationState.SOLD: Reservation.sell,
    ReservationState.RELEASED: Reservation.release,
    ReservationState.EXPIRED: Reservation.expire,
    ReservationState.REJECTED: Reservation.reject,
}


def test_stock_moves_from_hand_over_reserved_to_sold_and_back() -> None:
    mug = product("mug", 10)
    mug.reserve(4)
    mug.sell(3)
    mug.release(1)
    mug.take_back(2)
    assert (mug.on_hand, mug.reserved, mug.sold, mug.received) == (9, 0, 1, 10)


@pytest.mark.parametrize(
    "move", [Product.reserve, Product.sell, Product.release, Product.take_back]
)
def test_a_move_of_more_than_there_is_raises_and_changes_nothing(move: Move) -> None:
    mug = product("mug", 0)
    with pytest.raises(NotEnough):
        move(mug, 1)
    assert mug == product("mug", 0)


@pytest.mark.parametrize("move", [Product.receive, Product.reserve])
def test_a_negative_quantity_raises(move: Move) -> None:
    with pytest.raises(NotEnough):
        move(product("mug", 5), -1)


def test_the_same_description_again_changes_nothing() -> None:
    mug = Product.new("mug", MUG, at=NOON)
    assert not mug.describe(MUG, at=NOON + HOUR)
    assert mug.changed_at == NOON


def test_a_change_is_always_later_than_the_one_before_it() -> None:
    mug = Product.new("mug", MUG, at=NOON)
    assert mug.describe(Description("Mug", 800, "EUR"), at=NOON - HOUR)
    assert (mug.name, mug.price_cents, mug.changed_at) == ("Mug", 800, NOON + CLOCK_TICK)


@pytest.mark.parametrize("state", list(ReservationState))
@pytest.mark.parametrize("to", list(VERBS))
def test_a_reservation_goes_only_the_ways_of_its_table(
    state: ReservationState, to: ReservationState
) -> None:
    held = reservation(mug=1)
    held.state = state
    if to in TRANSITIONS[state]:
        VERBS[to](held)
        assert held.state is to
    else:
        with pytest.raises(IllegalTransition, match=str(held.order_id)):
            VERBS[to](held)
        assert held.state is state


def test_only_a_held_reservation_runs_out() -> None:
    held = reservation(mug=1)
    assert not held.is_due(held.expires_at)
    held.reserve()
    assert held.is_due(held.expires_at)
    assert not held.is_due(held.expires_at - CLOCK_TICK)
