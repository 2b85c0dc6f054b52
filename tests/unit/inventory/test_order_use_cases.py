"""What inventory does and says on each event of an order, alone and in odd company."""

from collections.abc import Callable
from datetime import datetime

import pytest
from msgspec.structs import replace

from services.inventory.domain import ReservationNotFound, ReservationState
from services.inventory.shelf import Shelf
from services.inventory.use_cases import expire_reservations, reserve_stock
from shared.errors import TransientError
from shared.events import (
    CancelReason,
    Event,
    MissingItem,
    OrderPlaced,
    StockRejected,
    StockReleased,
    StockReserved,
)
from tests.unit.inventory.stories import (
    HOUR,
    NOON,
    cancelled,
    confirmed,
    hear,
    new_id,
    placed,
    shelf_of,
    stock,
)

GRACE = HOUR / 60


def run_out(shelf: Shelf, *, at: datetime) -> tuple[Event, ...]:
    work = expire_reservations(list(shelf.reservations), at=at, new_id=new_id, grace=GRACE)
    return work.decide(shelf).events


def test_an_order_reserves_its_lines_and_says_what_the_charge_needs() -> None:
    shelf = shelf_of(mug=5, cup=5)
    order = placed(("mug", 2), ("cup", 1))
    (said,) = hear(shelf, order)
    assert isinstance(said, StockReserved)
    assert said.items == order.items
    assert said.expires_at == NOON + HOUR
    assert said.causation_id == order.event_id
    assert said.correlation_id == order.correlation_id
    copied = ("order_id", "customer_id", "total_cents", "currency", "payment_method")
    assert [getattr(said, name) for name in copied] == [getattr(order, name) for name in copied]
    assert said.reservation_id == shelf.reservations[order.order_id].reservation_id
    assert stock(shelf, "mug") == (3, 2, 0)
    assert stock(shelf, "cup") == (4, 1, 0)


def test_lines_of_the_same_sku_add_up_and_are_said_as_given() -> None:
    shelf = shelf_of(mug=5)
    (said,) = hear(shelf, placed(("mug", 2), ("mug", 3)))
    assert isinstance(said, StockReserved)
    assert [item.quantity for item in said.items] == [2, 3]
    assert stock(shelf, "mug") == (0, 5, 0)


def test_lines_of_the_same_sku_are_short_together() -> None:
    shelf = shelf_of(mug=5)
    (said,) = hear(shelf, placed(("mug", 3), ("mug", 3)))
    assert isinstance(said, StockRejected)
    assert said.missing == (MissingItem("mug", requested=6, available=5),)
    assert stock(shelf, "mug") == (5, 0, 0)


def test_an_order_that_is_short_of_one_thing_reserves_nothing_and_names_all_that_is_short() -> None:
    shelf = shelf_of(mug=5, cup=1)
    order = placed(("mug", 2), ("cup", 3), ("ghost", 1))
    (said,) = hear(shelf, order)
    assert isinstance(said, StockRejected)
    assert said.missing == (MissingItem("cup", 3, 1), MissingItem("ghost", 1, 0))
    assert stock(shelf, "mug") == (5, 0, 0)
    assert shelf.reservations[order.order_id].state is ReservationState.REJECTED


def test_two_hundred_orders_for_ten_pieces_in_one_group_sell_ten() -> None:
    shelf = shelf_of(mug=10)
    said = [event for _ in range(200) for event in hear(shelf, placed(("mug", 1)))]
    assert sum(isinstance(event, StockReserved) for event in said) == 10
    assert sum(isinstance(event, StockRejected) for event in said) == 190
    assert stock(shelf, "mug") == (0, 10, 0)


def test_a_confirmed_order_sells_what_it_holds_and_nothing_is_said() -> None:
    shelf = shelf_of(mug=5)
    order = placed(("mug", 2))
    hear(shelf, order)
    assert hear(shelf, confirmed(order)) == ()
    assert stock(shelf, "mug") == (3, 0, 2)


def test_a_cancelled_order_gives_back_what_it_holds() -> None:
    shelf = shelf_of(mug=5)
    order = placed(("mug", 2))
    hear(shelf, order)
    (said,) = hear(shelf, cancelled(order, CancelReason.PAYMENT_FAILED))
    assert isinstance(said, StockReleased)
    assert said.reason == "PAYMENT_FAILED"
    assert said.order_id == order.order_id
    assert said.reservation_id == shelf.reservations[order.order_id].reservation_id
    assert stock(shelf, "mug") == (5, 0, 0)


def test_a_cancelled_order_gives_back_what_it_bought() -> None:
    shelf = shelf_of(mug=5)
    order = placed(("mug", 2))
    hear(shelf, order)
    hear(shelf, confirmed(order))
    (said,) = hear(shelf, cancelled(order))
    assert isinstance(said, StockReleased)
    assert stock(shelf, "mug") == (5, 0, 0)


def test_a_rejected_order_that_is_cancelled_gives_nothing_back() -> None:
    shelf = shelf_of(mug=1)
    order = placed(("mug", 2))
    hear(shelf, order)
    assert hear(shelf, cancelled(order, CancelReason.OUT_OF_STOCK)) == ()
    assert stock(shelf, "mug") == (1, 0, 0)


def test_an_order_cancelled_before_it_was_heard_of_reserves_nothing_and_nothing_is_said() -> None:
    shelf = shelf_of(mug=5)
    order = placed(("mug", 2))
    assert hear(shelf, cancelled(order)) == ()
    assert hear(shelf, order) == ()
    assert stock(shelf, "mug") == (5, 0, 0)


def test_a_confirmation_after_the_cancellation_sells_nothing() -> None:
    shelf = shelf_of(mug=5)
    order = placed(("mug", 2))
    hear(shelf, order)
    hear(shelf, cancelled(order))
    assert hear(shelf, confirmed(order)) == ()
    assert stock(shelf, "mug") == (5, 0, 0)


def test_a_confirmation_of_an_unknown_order_is_tried_again_later() -> None:
    order = placed(("mug", 1))
    with pytest.raises(ReservationNotFound) as caught:
        hear(shelf_of(mug=1), confirmed(order))
    assert isinstance(caught.value, TransientError)
    assert caught.value.order_id == order.order_id


def again(order: OrderPlaced) -> OrderPlaced:
    return replace(order, event_id=new_id())


@pytest.mark.parametrize("repeat", [again, confirmed])
def test_an_event_of_a_sold_order_under_a_new_id_changes_nothing(
    repeat: Callable[[OrderPlaced], Event],
) -> None:
    shelf = shelf_of(mug=5)
    order = placed(("mug", 2))
    hear(shelf, order)
    hear(shelf, confirmed(order))
    assert hear(shelf, repeat(order)) == ()
    assert stock(shelf, "mug") == (3, 0, 2)


@pytest.mark.parametrize("repeat", [again, confirmed, cancelled])
def test_an_event_of_a_cancelled_order_under_a_new_id_changes_nothing(
    repeat: Callable[[OrderPlaced], Event],
) -> None:
    shelf = shelf_of(mug=5)
    order = placed(("mug", 2))
    hear(shelf, order)
    hear(shelf, cancelled(order))
    assert hear(shelf, repeat(order)) == ()
    assert stock(shelf, "mug") == (5, 0, 0)


def test_a_reservation_is_held_for_its_time_and_the_grace_and_then_released() -> None:
    shelf = shelf_of(mug=5)
    order = placed(("mug", 2))
    hear(shelf, order)
    assert run_out(shelf, at=NOON + HOUR) == ()
    (said,) = run_out(shelf, at=NOON + HOUR + GRACE)
    assert isinstance(said, StockReleased)
    assert said.reason == "EXPIRED"
    assert said.correlation_id == order.correlation_id
    assert stock(shelf, "mug") == (5, 0, 0)
    assert run_out(shelf, at=NOON + 3 * HOUR) == ()


def test_what_was_sold_does_not_run_out() -> None:
    shelf = shelf_of(mug=5)
    order = placed(("mug", 2))
    hear(shelf, order)
    hear(shelf, confirmed(order))
    assert run_out(shelf, at=NOON + 3 * HOUR) == ()
    assert stock(shelf, "mug") == (3, 0, 2)


def test_a_late_confirmation_takes_the_stock_again_if_it_is_there() -> None:
    shelf = shelf_of(mug=5)
    order = placed(("mug", 2))
    hear(shelf, order)
    run_out(shelf, at=NOON + 3 * HOUR)
    assert hear(shelf, confirmed(order)) == ()
    assert stock(shelf, "mug") == (3, 0, 2)


def test_a_late_confirmation_is_rejected_if_the_stock_went_elsewhere() -> None:
    shelf = shelf_of(mug=5)
    order = placed(("mug", 2))
    hear(shelf, order)
    run_out(shelf, at=NOON + 3 * HOUR)
    hear(shelf, placed(("mug", 4)))
    (said,) = hear(shelf, confirmed(order))
    assert isinstance(said, StockRejected)
    assert said.missing == (MissingItem("mug", requested=2, available=1),)
    assert stock(shelf, "mug") == (1, 4, 0)
    assert hear(shelf, cancelled(order, CancelReason.OUT_OF_STOCK)) == ()


def test_an_expired_order_that_was_cancelled_takes_nothing_again() -> None:
    shelf = shelf_of(mug=5)
    order = placed(("mug", 2))
    hear(shelf, order)
    run_out(shelf, at=NOON + 3 * HOUR)
    assert hear(shelf, cancelled(order)) == ()
    assert hear(shelf, confirmed(order)) == ()
    assert stock(shelf, "mug") == (5, 0, 0)


def test_the_work_names_each_row_once() -> None:
    order = placed(("mug", 2), ("cup", 1), ("mug", 1))
    work = reserve_stock(order, at=NOON, new_id=new_id, hold_for=HOUR)
    assert work.needs.orders == (order.order_id,)
    assert work.needs.skus == ("mug", "cup")
    assert work.consumed is order
