import pytest

from shared.events import EVENTS
from shared.events.topology import (
    CONSUMER_LIMITS,
    DEAD_LETTERS,
    GROUPS,
    ORDERS,
    STREAMS,
    SUBJECTS,
    SUBSCRIPTIONS,
    Subscription,
    dead_letter_subject,
    stream_of,
)


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
    durables = [subscription.durable for subscription in SUBSCRIPTIONS]
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


def test_whatever_a_stream_took_fits_the_dead_letters_with_its_headers() -> None:
    room = min(DEAD_LETTERS.max_msg_size - stream.max_msg_size for stream in STREAMS[:-1])
    assert room >= 64 * 1024


def test_jetstream_never_gives_up_on_a_message_by_itself() -> None:
    assert CONSUMER_LIMITS.max_deliver == -1
