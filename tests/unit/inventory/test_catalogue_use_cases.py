"""Products that are described, and goods that come in."""

import pytest

from services.inventory.catalogue import Line, change_product, receive_goods, take_in
from services.inventory.domain import (
    CLOCK_TICK,
    Description,
    ProductNotFound,
    Receipt,
    ReceiptConflict,
)
from services.inventory.shelf import Shelf
from shared.events import ProductChanged
from tests.unit.inventory.stories import HOUR, MUG, NOON, new_id, shelf_of, stock

DEARER = Description("Mug, blue", 895, "EUR")


def line(sku: str, number: int, *, price_cents: int = 100, quantity: int = 1) -> Line:
    return Line(sku, Description(sku, price_cents, "EUR"), quantity, f"file:{number}")


def test_a_new_product_is_said_and_has_no_stock() -> None:
    shelf = Shelf()
    decision = change_product("mug", MUG, at=NOON, new_id=new_id).decide(shelf)
    (said,) = decision.events
    assert isinstance(said, ProductChanged)
    assert (said.sku, said.name, said.price_cents, said.currency) == (
        "mug",
        "Mug, blue",
        795,
        "EUR",
    )
    assert said.timestamp == NOON
    assert said.correlation_id == said.event_id
    assert decision.result.is_new
    assert stock(shelf, "mug") == (0, 0, 0)


def test_the_same_description_again_is_not_said() -> None:
    shelf = Shelf()
    change_product("mug", MUG, at=NOON, new_id=new_id).decide(shelf)
    again = change_product("mug", MUG, at=NOON + HOUR, new_id=new_id).decide(shelf)
    assert again.events == ()
    assert not again.result.is_new


def test_of_two_changes_in_one_moment_the_later_has_the_later_timestamp() -> None:
    shelf = Shelf()
    change_product("mug", MUG, at=NOON, new_id=new_id).decide(shelf)
    (said,) = change_product("mug", DEARER, at=NOON, new_id=new_id).decide(shelf).events
    assert said.timestamp == NOON + CLOCK_TICK


def test_a_result_is_not_touched_by_the_neighbours_in_its_group() -> None:
    shelf = Shelf()
    first = change_product("mug", MUG, at=NOON, new_id=new_id).decide(shelf).result
    change_product("mug", DEARER, at=NOON, new_id=new_id).decide(shelf)
    receive_goods(Receipt("mug", "note 1", 5)).decide(shelf)
    assert (first.product.price_cents, first.product.received) == (795, 0)


def test_a_receipt_counts_once() -> None:
    shelf = shelf_of(mug=0)
    work = receive_goods(Receipt("mug", "note 1", 5))
    assert work.decide(shelf).result.is_new
    again = work.decide(shelf).result
    assert not again.is_new
    assert (again.product.on_hand, again.product.received) == (5, 5)
    assert shelf.new_receipts == [Receipt("mug", "note 1", 5)]


def test_another_sku_may_have_the_same_reference() -> None:
    shelf = shelf_of(mug=0, cup=0)
    receive_goods(Receipt("mug", "note 1", 5)).decide(shelf)
    receive_goods(Receipt("cup", "note 1", 7)).decide(shelf)
    assert (stock(shelf, "mug"), stock(shelf, "cup")) == ((5, 0, 0), (7, 0, 0))


def test_a_reference_with_another_quantity_is_refused() -> None:
    shelf = shelf_of(mug=0)
    receive_goods(Receipt("mug", "note 1", 5)).decide(shelf)
    with pytest.raises(ReceiptConflict, match="note 1"):
        receive_goods(Receipt("mug", "note 1", 6)).decide(shelf)
    assert stock(shelf, "mug") == (5, 0, 0)


def test_a_receipt_of_an_unknown_product_is_refused() -> None:
    with pytest.raises(ProductNotFound, match="ghost"):
        receive_goods(Receipt("ghost", "note 1", 5)).decide(Shelf())


def test_lines_of_a_file_describe_and_count_and_are_said_once_a_product() -> None:
    shelf = shelf_of(cup=3)
    lines = [
        line("mug", 2, price_cents=795, quantity=4),
        line("cup", 3, quantity=0),
        line("mug", 4, price_cents=895, quantity=2),
    ]
    decision = take_in(lines, at=NOON, new_id=new_id).decide(shelf)
    assert decision.result == 3
    said = {
        event.sku: event.price_cents
        for event in decision.events
        if isinstance(event, ProductChanged)
    }
    assert said == {"mug": 895, "cup": 100}
    assert (stock(shelf, "mug"), stock(shelf, "cup")) == ((6, 0, 0), (3, 0, 0))


def test_the_same_lines_again_change_nothing_not_even_a_price_changed_since() -> None:
    shelf = Shelf()
    lines = [line("mug", 2, quantity=4)]
    take_in(lines, at=NOON, new_id=new_id).decide(shelf)
    change_product("mug", DEARER, at=NOON, new_id=new_id).decide(shelf)
    again = take_in(lines, at=NOON + HOUR, new_id=new_id).decide(shelf)
    assert (again.result, again.events) == (0, ())
    assert shelf.products["mug"].price_cents == 895
    assert stock(shelf, "mug") == (4, 0, 0)
