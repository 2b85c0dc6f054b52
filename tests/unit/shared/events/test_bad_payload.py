"""Every payload that is not the event is refused, with a reason that an operator understands."""

import json
from typing import Any

import pytest

from shared.events import BadPayload, Event, OrderCancelled, OrderPlaced, PaymentProcessed
from shared.events.schemas import Folders


def refusal(event_type: type[Event], payload: bytes) -> str:
    with pytest.raises(BadPayload) as refused:
        event_type.from_bytes(payload)
    assert str(refused.value) == refused.value.reason
    return refused.value.reason


def golden(event_type: type[Event]) -> dict[str, Any]:
    fields: dict[str, Any] = json.loads(Folders().fixture(event_type).read_bytes())
    return fields


def refusal_with(event_type: type[Event], **changes: Any) -> str:
    return refusal(event_type, json.dumps(golden(event_type) | changes).encode())


def refusal_without(event_type: type[Event], *names: str) -> str:
    fields = golden(event_type)
    return refusal(
        event_type, json.dumps({k: fields[k] for k in fields if k not in names}).encode()
    )


def test_an_unknown_type_is_named_and_nothing_else() -> None:
    fields = {"event_type": "GiftWrapped", "version": 1}
    reason = refusal(OrderPlaced, json.dumps(fields).encode())
    assert reason == "event_type: Input should be 'OrderPlaced' (got 'GiftWrapped')"


def test_an_unknown_version_is_named() -> None:
    assert refusal_with(OrderPlaced, version=2) == "version: Input should be 1 (got 2)"


@pytest.mark.parametrize("name", ["event_type", "version"])
def test_type_and_version_have_to_be_stated(name: str) -> None:
    assert refusal_without(OrderPlaced, name) == "event_type or version: Field required"


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"", "Invalid JSON: EOF while parsing a value"),
        (b'{"event_id": ', "Invalid JSON: EOF while parsing a value"),
        (b"\xff\xfe\x00", "Invalid JSON: expected value"),
        (b'{"sku": "\xff"}', "Invalid JSON: invalid unicode code point"),
        (b"[" * 100_000, "Invalid JSON: recursion limit exceeded"),
        (b'{"total_cents": ' + b"9" * 10_000 + b"}", "Invalid JSON: number out of range"),
        (b"[]", "Input should be an object"),
        (b"null", "Input should be an object"),
    ],
)
def test_broken_json_says_how(payload: bytes, reason: str) -> None:
    assert refusal(OrderPlaced, payload).startswith(reason)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"total_cents": "12"}, "total_cents: Input should be a valid integer (got '12')"),
        ({"total_cents": 12.0}, "total_cents: Input should be a valid integer (got 12.0)"),
        ({"total_cents": True}, "total_cents: Input should be a valid integer (got True)"),
        ({"total_cents": -1}, "total_cents: Input should be greater than or equal to 0 (got -1)"),
        ({"total_cents": 2**63}, "total_cents: Input should be less than or equal to"),
        ({"currency": "gbp"}, "currency: String should match pattern"),
        ({"currency": "EURO"}, "currency: String should match pattern"),
        ({"customer_id": 17}, "customer_id: Input should be a valid string (got 17)"),
        ({"customer_id": None}, "customer_id: Input should be a valid string (got None)"),
        ({"order_id": "17"}, "order_id: Input should be a valid UUID"),
        ({"items": {}}, "items: Input should be a valid array"),
        ({"items": ["lamp"]}, "items.0: Input should be an object (got 'lamp')"),
    ],
)
def test_a_wrong_value_is_named_with_its_field(changes: dict[str, Any], reason: str) -> None:
    assert refusal_with(OrderPlaced, **changes).startswith(reason)


@pytest.mark.parametrize(
    ("timestamp", "reason"),
    [
        ("2026-01-02T08:26:00", "timestamp: Input should have timezone info"),
        ("2026-01-02T08:26:00+02:00", "timestamp: Timezone offset of 0 required, got 7200"),
        ("2026-01-02", "timestamp: Input should be a valid datetime"),
        ("yesterday", "timestamp: Input should be a valid datetime"),
        (1_767_342_360, "timestamp: Input should be a valid datetime"),
        (None, "timestamp: Input should be a valid datetime"),
    ],
)
def test_a_time_that_is_not_utc_is_refused(timestamp: object, reason: str) -> None:
    assert refusal_with(OrderPlaced, timestamp=timestamp).startswith(reason)


def test_unknown_reasons_and_states_are_refused() -> None:
    assert refusal_with(OrderCancelled, reason="BORED").startswith("reason: Input should")
    assert refusal_with(PaymentProcessed, status="MAYBE").startswith("status: Input should")


def test_an_item_is_named_by_its_place() -> None:
    items = golden(OrderPlaced)["items"]
    items[1]["quantity"] = 0
    reason = refusal_with(OrderPlaced, items=items)
    assert reason == "items.1.quantity: Input should be greater than or equal to 1 (got 0)"


def test_a_missing_field_is_named_without_quoting_the_rest() -> None:
    assert refusal_without(OrderPlaced, "order_id") == "order_id: Field required"


def test_a_reason_stays_one_short_ascii_line_whatever_the_payload() -> None:
    many = refusal_with(OrderPlaced, items=[{"sku": "é" * 5000, "quantity": "\r\nX: y"}] * 2000)
    quoted = refusal_with(OrderPlaced, order_id="\r\né" * 5000)
    assert many.endswith("; and 5997 more")
    for reason in (many, quoted):
        assert reason.isascii()
        assert reason.isprintable()
        assert len(reason) < 300
