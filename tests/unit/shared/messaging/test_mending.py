"""Mending an event before it is replayed."""

from typing import Any
from uuid import uuid4

import orjson
import pytest

from shared.clock import new_id, utc_now
from shared.events import Item, OrderPlaced, first_cause
from shared.events.topology import MAX_EVENT_BYTES
from shared.messaging.desk.editing import changed, checked, parse_assignment, with_values
from shared.messaging.desk.errors import BadEdit

EVENT = OrderPlaced(
    **first_cause(event_id=new_id(), at=utc_now()),
    order_id=new_id(),
    customer_id="c-1",
    customer_email="ada@example.com",
    items=(Item(sku="lamp", name="Lamp", quantity=1, unit_price_cents=100),) * 2,
    total_cents=200,
    currency="EUR",
    payment_method="card_ok",
)
BEFORE = EVENT.to_bytes()


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("total_cents=300", ("total_cents", 300)),
        ("items.0.name=Lamp, blue", ("items.0.name", "Lamp, blue")),
        ('customer_id="12"', ("customer_id", "12")),
        ("detail=null", ("detail", None)),
        ('items=[{"sku": "a=b"}]', ("items", [{"sku": "a=b"}])),
        ("name=", ("name", "")),
    ],
)
def test_an_assignment_is_a_path_and_json_or_else_text(text: str, read: tuple[str, Any]) -> None:
    assert parse_assignment(text) == read


@pytest.mark.parametrize("text", ["total_cents", "=3", ""])
def test_what_is_no_assignment_is_refused(text: str) -> None:
    with pytest.raises(BadEdit, match="is not field=value"):
        parse_assignment(text)


def test_values_are_put_at_their_paths() -> None:
    after = orjson.loads(with_values(BEFORE, {"items.1.quantity": 5, "new_field": {"a": [1]}}))

    assert [item["quantity"] for item in after["items"]] == [1, 5]
    assert after["new_field"] == {"a": [1]}
    assert after["total_cents"] == 200


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("items.2.quantity", "there is no 2"),
        ("items.-1.quantity", "there is no -1"),
        ("items.9", "there is no 9"),
        ("address.city", "there is no address"),
        ("currency.name", "nothing to set in currency"),
    ],
)
def test_a_path_that_leads_nowhere_is_named(path: str, said: str) -> None:
    with pytest.raises(BadEdit, match=said):
        with_values(BEFORE, {path: 1})


def test_what_is_not_json_has_no_fields() -> None:
    with pytest.raises(BadEdit, match="edit it as a whole"):
        with_values(BEFORE[:-1], {"total_cents": 1})
    with pytest.raises(BadEdit, match="nothing to set in it"):
        with_values(b"17", {"total_cents": 1})


def test_an_edit_must_be_the_same_event_and_a_good_one() -> None:
    good = with_values(BEFORE, {"total_cents": 300})

    assert checked("orders.placed", BEFORE, good) == good
    for data, said in [
        (BEFORE, "changes nothing"),
        (with_values(BEFORE, {"total_cents": "300"}), "no OrderPlaced: total_cents"),
        (with_values(BEFORE, {"version": 2}), "no OrderPlaced: version"),
        (with_values(BEFORE, {"event_id": str(uuid4())}), f"event_id stays {EVENT.event_id}"),
        (with_values(BEFORE, {"customer_id": "x" * MAX_EVENT_BYTES}), "larger than"),
    ]:
        with pytest.raises(BadEdit, match=said):
            checked("orders.placed", BEFORE, data)
    with pytest.raises(BadEdit, match=r"weather\.changed"):
        checked("weather.changed", BEFORE, good)


def test_what_was_never_an_event_may_become_one() -> None:
    assert checked("orders.placed", b"{", BEFORE) == BEFORE
    assert checked("orders.placed", b'{"event_id": 3}', BEFORE) == BEFORE


def test_the_changed_paths_are_named() -> None:
    after = with_values(BEFORE, {"items.1.quantity": 5, "total_cents": 1, "note": "new"})

    assert changed(BEFORE, after) == ["items.1.quantity", "total_cents", "note"]
    assert changed(BEFORE, BEFORE) == []
    assert changed(BEFORE, with_values(BEFORE, {"items": []})) == ["items"]
    assert changed(b"{", BEFORE) == ["*"]
