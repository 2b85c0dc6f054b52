import json
from datetime import UTC, datetime
from uuid import UUID

import pytest
from asyncpg.pgproto import pgproto
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from msgspec.structs import replace

from shared.clock import new_id, utc_now
from shared.events import (
    EVENTS,
    CancelReason,
    Event,
    Item,
    OrderCancelled,
    OrderPlaced,
    PaymentProcessed,
    PaymentStatus,
    caused_by,
    continued,
    first_cause,
)
from shared.events.schemas import Folders
from shared.events.topology import MAX_EVENT_BYTES

FOLDERS = Folders()
NOON = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)


def order_placed(*items: Item, at: datetime = NOON) -> OrderPlaced:
    return OrderPlaced(
        **first_cause(event_id=new_id(), at=at),
        order_id=new_id(),
        customer_id="customer-1",
        customer_email="ann@example.org",
        items=items,
        total_cents=sum(item.quantity * item.unit_price_cents for item in items),
        currency="EUR",
        payment_method="card_ok",
    )


LAMP = Item(sku="LAMP", name="Lamp", quantity=2, unit_price_cents=1250)


@pytest.mark.parametrize("event_type", EVENTS)
def test_a_fixture_decodes_and_encodes_to_the_same_json(event_type: type[Event]) -> None:
    golden = FOLDERS.fixture(event_type).read_bytes()
    event = event_type.from_bytes(golden)
    assert isinstance(event, event_type)
    assert json.loads(event.to_bytes()) == json.loads(golden)


@pytest.mark.parametrize("event_type", EVENTS)
def test_what_we_write_satisfies_the_published_schema(event_type: type[Event]) -> None:
    schema = json.loads(FOLDERS.schema(event_type).read_bytes())
    written = json.loads(event_type.from_bytes(FOLDERS.fixture(event_type).read_bytes()).to_bytes())
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(written)


def test_unknown_fields_are_ignored_at_every_depth() -> None:
    event = order_placed(LAMP)
    richer = json.loads(event.to_bytes())
    richer["loyalty_points"] = 7
    richer["items"][0]["colour"] = "green"
    assert OrderPlaced.from_bytes(json.dumps(richer).encode()) == event


def test_a_field_that_may_be_null_may_be_absent() -> None:
    bare = json.loads(order_placed(LAMP).to_bytes())
    del bare["causation_id"]
    assert OrderPlaced.from_bytes(json.dumps(bare).encode()).causation_id is None


def test_json_is_compact_and_names_time_in_utc_with_z() -> None:
    event = order_placed(LAMP, at=datetime(2026, 1, 2, 12, 0, 0, 1500, tzinfo=UTC))
    assert b'"timestamp":"2026-01-02T12:00:00.001500Z"' in event.to_bytes()
    again = OrderPlaced.from_bytes(event.to_bytes())
    assert again == event
    assert again.to_bytes() == event.to_bytes()


def test_another_spelling_of_utc_is_read() -> None:
    text = order_placed(LAMP).to_bytes().replace(b"12:00:00Z", b"12:00:00+00:00")
    assert OrderPlaced.from_bytes(text).timestamp == NOON


def test_ids_from_a_database_row_are_written_like_any_other() -> None:
    event = order_placed(LAMP)
    from_row = replace(event, order_id=pgproto.UUID(str(event.order_id)))
    assert from_row.to_bytes() == event.to_bytes()


def test_a_consequence_carries_its_cause_and_the_first_cause() -> None:
    placed = order_placed(LAMP)
    paid = PaymentProcessed(
        **caused_by(placed, event_id=new_id(), at=NOON),
        order_id=placed.order_id,
        payment_id=new_id(),
        amount_cents=2500,
        currency="EUR",
        payment_method="card_ok",
        status=PaymentStatus.SUCCESS,
    )
    cancelled = OrderCancelled(
        **caused_by(paid, event_id=new_id(), at=NOON),
        order_id=placed.order_id,
        customer_id=placed.customer_id,
        customer_email=placed.customer_email,
        reason=CancelReason.CUSTOMER_REQUEST,
        total_cents=2500,
        currency="EUR",
    )
    assert placed.correlation_id == placed.event_id
    assert placed.causation_id is None
    assert (cancelled.causation_id, cancelled.correlation_id) == (paid.event_id, placed.event_id)


def test_a_timer_continues_the_story_without_a_cause() -> None:
    story = new_id()
    envelope = continued(event_id=new_id(), at=NOON, correlation_id=story)
    assert (envelope["correlation_id"], envelope["causation_id"]) == (story, None)


def test_events_do_not_change() -> None:
    event = order_placed(LAMP)
    with pytest.raises(AttributeError, match="immutable"):
        event.total_cents = 1  # type: ignore[misc]  # that is the mistake


def test_an_event_that_the_topology_does_not_know_cannot_be_declared() -> None:
    with pytest.raises(KeyError, match="OrderForgotten"):
        type("OrderForgotten", (Event,), {"__module__": __name__})


def test_the_largest_order_stays_below_the_largest_message() -> None:
    line = Item(sku="S" * 32, name="N" * 250, quantity=1_000_000, unit_price_cents=100_000_000)
    assert len(order_placed(*[line] * 2000).to_bytes()) < MAX_EVENT_BYTES


WHOLE = st.integers(min_value=1, max_value=2**63 - 1)
TEXT = st.text(max_size=40)
ITEM = st.builds(Item, sku=TEXT, name=TEXT, quantity=WHOLE, unit_price_cents=WHOLE)


@settings(deadline=None)  # the machine may be busy
@given(
    items=st.lists(ITEM, max_size=5),
    total=WHOLE,
    text=TEXT,
    at=st.datetimes(timezones=st.just(UTC)),
    order_id=st.uuids(),
)
def test_any_order_comes_back_as_it_was(
    items: list[Item], total: int, text: str, at: datetime, order_id: UUID
) -> None:
    event = OrderPlaced(
        **first_cause(event_id=new_id(), at=utc_now()) | {"timestamp": at},
        order_id=order_id,
        customer_id=text,
        customer_email=text,
        items=tuple(items),
        total_cents=total,
        currency="EUR",
        payment_method=text,
    )
    assert OrderPlaced.from_bytes(event.to_bytes()) == event
