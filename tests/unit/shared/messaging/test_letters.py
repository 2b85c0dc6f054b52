"""What a letter's headers and records say, and which letters are meant."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from shared.messaging import headers as h
from shared.messaging.desk.hindrance import hindrance
from shared.messaging.desk.letters import (
    Action,
    Filed,
    Letter,
    Place,
    Record,
    State,
    file,
    file_all,
)
from shared.messaging.desk.selection import Selection, count, parse_age
from shared.messaging.desk.views import LetterView, RecordView, WholeLetterView

NOW = datetime(2026, 1, 2, 12, tzinfo=UTC)
HEADERS = {
    h.MESSAGE_ID: "dead:ORDERS:email-OrderConfirmed:5",
    h.ORIGINAL_SUBJECT: "orders.confirmed",
    h.GROUP: "email",
    h.STREAM_SEQUENCE: "5",
    h.DELIVERIES: "8",
    h.ERROR: "KeyError: 'name'",
    h.FAILED_AT: "2026-01-02T11:00:00+00:00",
    h.ORIGINAL_ID: "0000",
}


def letter(
    seq: int = 1,
    *,
    group: str = "email",
    subject: str = "orders.confirmed",
    error: str = "KeyError: 'name'",
    age: timedelta = timedelta(hours=1),
) -> Letter:
    headers = {**HEADERS, h.ERROR: error, h.FAILED_AT: (NOW - age).isoformat()}
    place, letter_id = Place(group, subject), HEADERS[h.MESSAGE_ID]
    return Letter.read(seq, place, headers, letter_id=letter_id, stored_at=NOW, data=b"{}")


def record(
    action: Action, letter_seq: int = 1, seq: int = 1, *, headers: dict[str, str] | None = None
) -> Record:
    subject = f"desk.{action}.{letter_seq}.email.orders.confirmed"
    told = {h.LETTER_ID: HEADERS[h.MESSAGE_ID], **(headers or {})}
    return Record.read(seq, subject, told, stored_at=NOW, data=b"{}")


def test_a_letter_is_read_from_its_headers() -> None:
    read = letter()

    assert (read.stream_seq, read.deliveries, read.message_id) == (5, 8, "0000")
    assert read.failed_at == NOW - timedelta(hours=1)
    assert (read.error_class, read.replay_of) == ("KeyError", None)


def test_a_letter_without_headers_is_still_a_letter() -> None:
    place = Place.of_letter("dead_letters.email.orders.confirmed")

    read = Letter.read(3, place, {}, letter_id="", stored_at=NOW, data=None)

    assert (read.group, read.subject, read.failed_at) == ("email", "orders.confirmed", NOW)


def test_the_record_of_a_handled_letter_keeps_it() -> None:
    kept = {**HEADERS, h.MESSAGE_ID: "handled:9"}

    assert record(Action.HANDLED, headers=kept).letter == letter()
    assert record(Action.HANDLED).letter is None
    assert record(Action.REPLAY, headers=kept).letter is None


@pytest.mark.parametrize(
    ("actions", "state"),
    [
        ([], State.OPEN),
        ([Action.REPLAY], State.REPLAYING),
        ([Action.REPLAY, Action.HANDLED], State.HANDLED),
        ([Action.REPLAY, Action.FAILED], State.FAILED_AGAIN),
        ([Action.DISCARDED], State.DISCARDED),
        ([Action.DISCARDED, Action.REPLAY, Action.HANDLED], State.HANDLED),
    ],
)
def test_the_last_record_says_the_state(actions: list[Action], state: State) -> None:
    found = file(letter(), [record(action) for action in actions])

    assert found.state is state


def test_records_of_a_letter_that_had_the_number_before_do_not_count() -> None:
    former = record(Action.REPLAY, headers={h.LETTER_ID: "dead:another"})

    found = file(letter(), [former])

    assert (found.state, found.records) == (State.OPEN, ())
    assert found.noted(Action.REPLAY) == [former]


def test_records_go_to_their_letters() -> None:
    first, second = file_all(
        [letter(1), letter(2)], [record(Action.REPLAY, 2), record(Action.REPLAY, 9)]
    )

    assert (first.state, second.state) == (State.OPEN, State.REPLAYING)


@pytest.mark.parametrize(
    ("actions", "again", "said"),
    [
        ([], False, None),
        ([Action.REPLAY], True, "on its way already"),
        ([Action.REPLAY, Action.HANDLED], False, "handled already"),
        ([Action.REPLAY, Action.HANDLED], True, None),
        ([Action.DISCARDED], False, "was discarded"),
        ([Action.DISCARDED], True, None),
        ([Action.REPLAY, Action.FAILED], True, "failed again"),
    ],
)
def test_what_speaks_against_a_replay(actions: list[Action], again: bool, said: str | None) -> None:
    found = Filed(letter(), tuple(record(action) for action in actions))

    reason = hindrance(found, again=again)

    assert reason is None if said is None else said in (reason or "")


def test_nobody_is_sent_what_he_does_not_hear() -> None:
    found = Filed(letter(group="payment", subject="orders.shipped"))

    assert hindrance(found, again=True) == "cannot be replayed: payment hears no orders.shipped"


@pytest.mark.parametrize(
    ("selection", "taken"),
    [
        (Selection(), True),
        (Selection(error="keyerror"), True),
        (Selection(error="timeout"), False),
        (Selection(older=timedelta(minutes=59)), True),
        (Selection(older=timedelta(minutes=61)), False),
        (Selection(newer=timedelta(minutes=61)), True),
        (Selection(newer=timedelta(minutes=59)), False),
        (Selection(state=State.OPEN), True),
        (Selection(state=State.DISCARDED), False),
        (Selection(error="name", older=timedelta(seconds=1), newer=timedelta(minutes=1)), False),
    ],
)
def test_a_selection_takes_what_is_as_it_says(selection: Selection, taken: bool) -> None:
    assert selection.takes(Filed(letter()), NOW) is taken


def test_ages_are_read() -> None:
    assert [parse_age(text) for text in ("90s", "15m", "2h", "3d")] == [
        timedelta(seconds=90),
        timedelta(minutes=15),
        timedelta(hours=2),
        timedelta(days=3),
    ]


@pytest.mark.parametrize("text", ["", "1", "h", "1.5h", "-1h", "1w"])
def test_what_is_no_age_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no age"):
        parse_age(text)


def test_letters_are_counted_by_group_subject_and_class_of_error() -> None:
    letters = [
        letter(1, error="KeyError: a", age=timedelta(hours=3)),
        letter(2, error="KeyError: b", age=timedelta(hours=1)),
        letter(3, error="ValueError", age=timedelta(hours=2)),
        letter(4, group="analytics"),
    ]

    counts = count(file_all(letters, [record(Action.DISCARDED, 2)]))

    assert [(each.group, each.error_class, each.letters, each.open) for each in counts] == [
        ("analytics", "KeyError", 1, 1),
        ("email", "KeyError", 2, 1),
        ("email", "ValueError", 1, 1),
    ]
    assert (counts[1].oldest, counts[1].newest) == (
        NOW - timedelta(hours=3),
        NOW - timedelta(hours=1),
    )


def test_views_show_json_as_json_and_the_rest_as_text() -> None:
    broken = replace(letter(), data=b"{\xff")

    assert WholeLetterView.of(Filed(letter())).event == {}
    assert WholeLetterView.of(Filed(broken)).event == "{�"
    assert LetterView.of(Filed(letter(), (record(Action.REPLAY),))).state is State.REPLAYING
    assert RecordView.of(record(Action.REPLAY)).event == {}
    assert RecordView.of(record(Action.HANDLED)).event is None


def test_what_goes_into_a_header_is_one_line() -> None:
    assert h.one_line("a\r\nb\n\n c") == "a b c"
    assert len(h.one_line("x" * 5000)) == 1000
