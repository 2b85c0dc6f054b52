"""msgspec reads, and pydantic says why not. Where they differ stands here, case by case."""

import json
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import asdict

from shared.events import EVENTS, BadPayload, Event, OrderPlaced, published
from shared.events.published import OTHERWISE_CHARS, reason_against
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


def with_text(name: str, value: str) -> bytes:
    return json.dumps(golden(OrderPlaced) | {name: value}).encode()


def with_more(json_text: bytes) -> bytes:
    """The event with a field that it does not know."""
    return json.dumps(golden(OrderPlaced)).encode()[:-1] + b', "more": ' + json_text + b"}"


ONLY_MSGSPEC_REFUSES = [
    with_text("timestamp", "2026-01-02T08:26Z"),
    with_text("timestamp", "2026-01-02T08:26:00,5Z"),
    with_text("timestamp", "2026-01-02_08:26:00Z"),
    with_text("timestamp", "1767342360"),
    with_text("order_id", "{019b7c2e-1004-7004-8a5f-3c9d2e41b704}"),
    with_text("order_id", "urn:uuid:019b7c2e-1004-7004-8a5f-3c9d2e41b704"),
    with_more(b"NaN"),
    with_more(b"-Infinity"),
    b'{"order_id": 5, ' + json.dumps(golden(OrderPlaced)).encode()[1:],  # said again, and well
]
ONLY_PYDANTIC_REFUSES = [
    with_more(b'"\xff"'),
    with_more(b"[" * 300 + b"]" * 300),
]


@pytest.mark.parametrize("data", ONLY_MSGSPEC_REFUSES)
def test_what_the_model_would_take_is_refused_in_msgspecs_words(data: bytes) -> None:
    assert reason_against(OrderPlaced, data, otherwise="msgspec's words") == "msgspec's words"
    with pytest.raises(BadPayload, match=r"Invalid|malformed|Expected"):
        OrderPlaced.from_bytes(data)


@pytest.mark.parametrize("data", ONLY_PYDANTIC_REFUSES)
def test_what_no_field_holds_is_not_looked_at(data: bytes) -> None:
    assert reason_against(OrderPlaced, data, otherwise="")
    assert OrderPlaced.from_bytes(data) == OrderPlaced.from_bytes(with_more(b"0"))


@pytest.mark.parametrize(
    ("fraction", "apart_us"),
    [("1", 0), ("123456", 0), ("1234561", 0), ("1234569", 1), ("999999999", 1)],
)
def test_msgspec_rounds_to_microseconds_and_pydantic_cuts(fraction: str, apart_us: int) -> None:
    data = with_text("timestamp", f"2026-01-02T08:26:00.{fraction}Z")
    model: Any = published(OrderPlaced).model_validate_json(data)
    apart = OrderPlaced.from_bytes(data).timestamp - model.timestamp
    assert apart == timedelta(microseconds=apart_us)


def test_a_parsers_words_fit_into_a_header() -> None:
    data = OrderPlaced.from_bytes(with_more(b"0")).to_bytes()
    reason = reason_against(OrderPlaced, data, otherwise="ö\n" * 500)
    assert len(reason) == OTHERWISE_CHARS
    assert reason.startswith("\\xf6\\n")
