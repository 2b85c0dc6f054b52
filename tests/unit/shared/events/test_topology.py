import pytest

from shared.events import EVENTS
from shared.events.topology import (
    CONSUMER_LIMITS,
    DEAD_LETTERS,
    DESK,
    GROUPS,
    ORDERS,
    REPLAYS,
    STREAMS,
    SUBJECTS,
    SUBSCRIPTIONS,
    Hearing,
    Subscription,
    dead_letter_subject,
    desk_subject,
    stream_of,
)

EVENTS_GO_TO = {stream_of(subject) for subject in SUBJECTS.values()}


def test_every_event_has_its_subject_and_every_subject_its_event() -> None:
    assert {event.__name__: event.subject for event in EVENTS} == SUBJECTS
    assert len(set(SUBJECTS.values())) == len(SUBJECTS)


def test_every_subject_lies_in_exactly_one_stream() -> None:
    prefixes = [stream.prefix for stream in STREAMS]
    assert len(set(prefixes)) == len(prefixes)
    for subject in SUBJECTS.values():
        assert stream_of(subject).subjects == (f"{subject.partition('.')[0]}.>",)


def test_a_subject_of_no_stream_is_an_error() -> None:
    with pytest.raises(KeyError):
        stream_of("weather.changed")


def test_a_subscription_names_its_durable_subject_and_stream() -> None:
    hears = Subscription("inventory", "OrderPlaced")
    assert hears in SUBSCRIPTIONS
    assert (hears.durable, hears.subject) == ("inventory-OrderPlaced", "orders.placed")
    assert hears.stream == ORDERS.name


def test_durables_are_unique_and_legal_names() -> None:
    heard: tuple[Hearing, ...] = (*SUBSCRIPTIONS, *REPLAYS)
    durables = [each.durable for each in heard]
    assert len(set(durables)) == len(durables)
    assert not any(set(durable) & set(". *>/\\") for durable in durables)


def test_each_group_hears_what_the_contract_says() -> None:
    heard = {group: {s.event_type for s in SUBSCRIPTIONS if s.group == group} for group in GROUPS}
    assert heard == {
        "order": {
            "StockReserved",
            "StockRejected",
            "StockReleased",
            "PaymentProcessed",
            "ProductChanged",
        },
        "inventory": {"OrderPlaced", "OrderConfirmed", "OrderCancelled"},
        "payment": {"StockReserved", "OrderCancelled"},
        "email": {"OrderConfirmed", "OrderCancelled", "OrderShipped", "PaymentRefunded"},
        "analytics": set(SUBJECTS),
    }


def test_a_dead_letter_keeps_its_group_and_subject() -> None:
    subject = dead_letter_subject("email", "orders.confirmed")
    assert subject == "dead_letters.email.orders.confirmed"
    assert stream_of(subject) is DEAD_LETTERS


def test_each_group_hears_the_replays_of_its_own_dead_letters() -> None:
    assert [replays.group for replays in REPLAYS] == list(GROUPS)
    email = next(replays for replays in REPLAYS if replays.group == "email")
    assert (email.durable, email.stream) == ("email-replays", DESK.name)
    assert email.subject == "desk.replay.*.email.>"
    sent = desk_subject("replay", 17, "email", "orders.confirmed")
    assert sent == "desk.replay.17.email.orders.confirmed"
    assert stream_of(sent) is DESK


def test_whatever_a_stream_took_fits_the_dead_letters_with_its_headers() -> None:
    room = min(DEAD_LETTERS.max_msg_size - stream.max_msg_size for stream in EVENTS_GO_TO)
    assert room >= 64 * 1024


def test_jetstream_never_gives_up_on_a_message_by_itself() -> None:
    assert CONSUMER_LIMITS.max_deliver == -1
