"""A message of a stream → rows of evidence. Pure."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from msgspec.structs import asdict

from audit.rows import Event as EventRow
from audit.rows import Letter, Line, Replayed, Settled, Unreadable
from shared.events import EVENTS, BadPayload, Event, OrderConfirmed
from shared.events.topology import DEAD_LETTERS, REPLAY, stream_of

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
HANDLED = "handled"
ORIGIN = "Stream-Sequence"
TYPES = {event_type.subject: event_type for event_type in EVENTS}


class Message(NamedTuple):
    """What a stream holds at one place."""

    stream: str
    seq: int
    subject: str
    data: bytes
    headers: Mapping[str, str]


def decode(subject: str, data: bytes) -> Event | None:
    """Return the event as the contract defines it; None if it is none, or not of this subject."""
    event_type = TYPES.get(subject)
    if event_type is None:
        return None
    try:
        return event_type.from_bytes(data)
    except BadPayload:
        return None


def event_row(event: Event) -> EventRow:
    field = asdict(event).get
    order_id = field("order_id")
    return EventRow(  # by place: it is made half a million times
        str(event.event_id),
        event.event_type,
        str(order_id) if order_id else None,
        (event.timestamp - EPOCH) // MICROSECOND,
        field("total_cents", field("amount_cents", 0)),
        field("currency", ""),
        field("customer_id", ""),
        field("payment_method", ""),
        field("status", ""),
    )


def lines(event: Event) -> Iterator[Line]:
    """Yield what was sold."""
    if isinstance(event, OrderConfirmed):
        event_id = str(event.event_id)
        for number, it in enumerate(event.items):
            yield Line(event_id, number, it.sku, it.name, it.quantity, it.unit_price_cents)


def unreadable(message: Message) -> Unreadable:
    message_id = message.headers.get("Nats-Msg-Id", "")
    return Unreadable(message.stream, message.seq, message.subject, message_id)


def letter(message: Message) -> Letter:
    """Read a dead letter: whose it is stands in its subject, where it comes from in its headers."""
    service, _, subject = message.subject.removeprefix(f"{DEAD_LETTERS.prefix}.").partition(".")
    event = decode(subject, message.data)
    return Letter(
        service=service,
        subject=subject,
        stream=_stream_name(subject),
        seq=int(message.headers.get(ORIGIN, 0)),
        event_id=str(event.event_id) if event else "",
    )


def desk_record(message: Message) -> Replayed | Settled | None:
    """Read `desk.<action>.<letter>.<group>.<subject>`; None for what changes no delivery."""
    action, _, service, subject = message.subject.split(".", 4)[1:]
    if action == HANDLED and (seq := message.headers.get(ORIGIN)):
        return Settled(service, _stream_name(subject), int(seq))
    if action == REPLAY and (event := decode(subject, message.data)):
        return Replayed(service, str(event.event_id))
    return None


def _stream_name(subject: str) -> str:
    try:
        return stream_of(subject).name
    except KeyError:
        return ""
