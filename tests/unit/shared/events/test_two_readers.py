"""msgspec reads, and pydantic says why not: both refuse the same, and read the same."""

import json
from typing import Any

import pytest
from msgspec.structs import asdict

from shared.events import EVENTS, BadPayload, Event, OrderPlaced, published
from shared.events.published import reason_against
from shared.events.schemas import Folders

ODD: tuple[Any, ...] = (
    None,
    True,
    0,
    1,
    -1,
    12.0,
    1.5,
    1e30,
    2**63 - 1,
    2**63,
    2**70,
    "",
    "7",
    "EUR",
    "eur",
    "EUR\n",
    "SUCCESS",
    "OUT_OF_STOCK",
    "2026-01-02T08:26:00Z",
    "2026-01-02T08:26:00.123456Z",
    "2026-01-02T08:26:00+00:00",
    "2026-01-02T08:26:00-00:00",
    "2026-01-02T08:26:00+02:00",
    "2026-01-02T08:26:00",
    "2026-01-02",
    "019b7c2e-1004-7004-8a5f-3c9d2e41b704",
    "019b7c2e100470048a5f3c9d2e41b704",
    "not an id",
    [],
    ["lamp"],
    [None],
    [{"sku": "LAMP", "name": "Lamp", "quantity": 1, "unit_price_cents": 0}],
    [{"sku": "LAMP", "name": "Lamp", "quantity": 0, "unit_price_cents": 0}],
    [{"sku": "LAMP", "requested": 2, "available": 0}],
    [{"sku": "LAMP", "requested": 2, "available": -1}],
    {},
)

# pydantic reads a number in quotes as a time, and true as a version's number; msgspec does not.
GUESSED = {("timestamp", "'7'"), ("expires_at", "'7'"), ("version", "True")}


def golden(event_type: type[Event]) -> dict[str, Any]:
    fields: dict[str, Any] = json.loads(Folders().fixture(event_type).read_bytes())
    return fields


def read(event_type: type[Event], data: bytes) -> Event | None:
    try:
        return event_type.from_bytes(data)
    except BadPayload:
        return None


CASES = [(event_type, name) for event_type in EVENTS for name in golden(event_type)]


@pytest.mark.parametrize(("event_type", "name"), CASES)
def test_of_each_field_they_take_the_same_values(event_type: type[Event], name: str) -> None:
    for value in ODD:
        data = json.dumps(golden(event_type) | {name: value}).encode()
        event = read(event_type, data)
        reason = reason_against(event_type, data, otherwise="")
        if (name, repr(value)) in GUESSED:
            assert event is None
            continue
        assert (event is None) == bool(reason), f"{value!r}: {reason}"
        if event is not None:
            model = published(event_type).model_validate_json(data)
            assert asdict(event) == dict(model), repr(value)


@pytest.mark.parametrize(("event_type", "name"), CASES)
def test_they_can_do_without_the_same_fields(event_type: type[Event], name: str) -> None:
    data = json.dumps({k: v for k, v in golden(event_type).items() if k != name}).encode()
    reason = reason_against(event_type, data, otherwise="")
    assert (read(event_type, data) is None) == bool(reason)


@pytest.mark.parametrize(
    ("text", "is_well"),
    [
        (b"\xff", False),
        (b"\xc0\x80", False),
        (b"\xed\xa0\x80", False),
        (b"\\ud800", False),
        (b"\x01", False),
        (b"\n", False),
        (b"\\q", False),
        (b"\\u0000", True),
        (b"\xe2\x82\xac", True),
        (b"\\ud83d\\ude00", True),
    ],
)
def test_of_what_a_text_may_hold_they_think_alike(text: bytes, *, is_well: bool) -> None:
    data = json.dumps(golden(OrderPlaced)).encode().replace(b"card_ok", text)
    assert (read(OrderPlaced, data) is not None) == is_well
    assert (reason_against(OrderPlaced, data, otherwise="") == "") == is_well
