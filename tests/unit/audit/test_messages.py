"""Messages of the streams → rows."""

import pytest

from audit.reading import messages
from audit.reading.messages import Message
from audit.rows import Letter, Replayed, Settled, Unreadable
from tests.unit.audit.good_shop import CONFIRMED, START, event_id, story

PLACED = story()[0]


def message(subject: str, data: bytes, **headers: str) -> Message:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Message("ORDERS", 7, subject, data, named)


def test_an_event_becomes_a_row() -> None:
    event = messages.decode(PLACED.subject, PLACED.to_bytes())
    assert event == PLACED
    row = messages.event_row(PLACED)
    assert (row.event_id, row.order_id, row.cents) == (str(event_id(0)), CONFIRMED, 2500)
    assert row.at_us == int(START.timestamp()) * 1_000_000


def test_only_confirmed_orders_have_lines() -> None:
    kinds = {event.event_type for event in story() if list(messages.lines(event))}
    assert kinds == {"OrderConfirmed"}


@pytest.mark.parametrize(
    ("subject", "data"),
    [
        ("orders.placed", b"{nonsense"),
        ("orders.placed", PLACED.to_bytes().replace(b'"version":1', b'"version":2')),
        ("orders.confirmed", PLACED.to_bytes()),
        ("orders.unknown", PLACED.to_bytes()),
    ],
)
def test_what_the_contract_does_not_know_is_unreadable(subject: str, data: bytes) -> None:
    assert messages.decode(subject, data) is None
    place = message(subject, data, Nats_Msg_Id="m")
    assert messages.unreadable(place) == Unreadable("ORDERS", 7, subject, "m")


def test_a_dead_letter_names_its_group_and_its_original() -> None:
    subject = f"dead_letters.email.{PLACED.subject}"
    letter = messages.letter(message(subject, PLACED.to_bytes(), Stream_Sequence="3"))
    assert letter == Letter("email", "orders.placed", "ORDERS", 3, str(event_id(0)))


def test_a_dead_letter_that_nobody_can_read_has_no_event() -> None:
    letter = messages.letter(message("dead_letters.email.nonsense", b"", Stream_Sequence="3"))
    assert letter == Letter("email", "nonsense", "", 3, "")


def test_the_desk_tells_what_it_sent_and_what_was_handled() -> None:
    replay = message(f"desk.replay.4.email.{PLACED.subject}", PLACED.to_bytes())
    handled = message(f"desk.handled.4.email.{PLACED.subject}", b"", Stream_Sequence="3")
    discarded = message(f"desk.discarded.4.email.{PLACED.subject}", b"")
    assert messages.desk_record(replay) == Replayed("email", str(event_id(0)))
    assert messages.desk_record(handled) == Settled("email", "ORDERS", 3)
    assert messages.desk_record(discarded) is None
