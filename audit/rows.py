"""The tables of the evidence: a row type is a table, its fields are the columns.

Ids are their 36 characters in lower case, so that they sort as the ids do.
"""

from typing import Any, NamedTuple


class Order(NamedTuple):
    """A row of order's read model."""

    order_id: str
    status: str
    version: int
    total_cents: int
    currency: str
    customer_email: str


class Change(NamedTuple):
    """How often an order's history has a change that is told to the others."""

    order_id: str
    event_type: str
    times: int


class Accepted(NamedTuple):
    """An order of which `source` knows that it was accepted."""

    source: str
    order_id: str


class Event(NamedTuple):
    """An event in a stream, once, however many copies there are."""

    event_id: str
    event_type: str
    order_id: str | None
    at_us: int
    cents: int
    currency: str
    customer_id: str
    payment_method: str
    outcome: str


class Line(NamedTuple):
    """An item of an OrderConfirmed."""

    event_id: str
    line: int
    sku: str
    name: str
    quantity: int
    unit_price_cents: int


class Unreadable(NamedTuple):
    """A message that is no event of the contract."""

    stream: str
    seq: int
    subject: str
    message_id: str


class Letter(NamedTuple):
    """A dead letter of a group; `event_id` is empty where the original is unreadable."""

    service: str
    subject: str
    stream: str
    seq: int
    event_id: str


class Replayed(NamedTuple):
    """An event that the dead-letter desk sent to a group, perhaps mended."""

    service: str
    event_id: str


class Recounted(Event):
    """An event that analytics heard from the dead-letter desk, as it was sent: perhaps mended."""


class RecountedLine(Line):
    """An item of such an OrderConfirmed."""


class Settled(NamedTuple):
    """A message whose dead letter was replayed and then handled: the letter has left its stream."""

    service: str
    stream: str
    seq: int


class Heard(NamedTuple):
    """A row of a service's inbox."""

    service: str
    event_id: str


class Said(NamedTuple):
    """A row of a service's outbox that is marked as published."""

    service: str
    event_id: str
    subject: str


class Movement(NamedTuple):
    """A line of the provider's ledger."""

    movement_id: str
    kind: str
    status: str
    order_id: str
    key: str
    amount_cents: int
    currency: str


class Mail(NamedTuple):
    """A mail in the sink; `event_id` is the part of its Message-ID before the @."""

    message_id: str
    event_id: str
    recipient: str


class Reservation(NamedTuple):
    """What an order holds (RESERVED) or bought (SOLD)."""

    order_id: str
    state: str


class Held(NamedTuple):
    """Stock that a live reservation holds."""

    order_id: str
    sku: str
    quantity: int


class Shelf(NamedTuple):
    """The stock of a SKU, counted by where it is."""

    sku: str
    on_hand: int
    reserved: int
    sold: int
    received: int


class Listed(NamedTuple):
    """The same, as inventory answers it over HTTP."""

    sku: str
    on_hand: int
    reserved: int
    sold: int
    received: int
    available: int


class Received(NamedTuple):
    """The sum of a SKU's receipts."""

    sku: str
    quantity: int


class Bought(NamedTuple):
    """How many of a SKU the orders that stand have bought."""

    sku: str
    quantity: int


class Unfinished(NamedTuple):
    """An order that is still open."""

    order_id: str


class Extent(NamedTuple):
    """From where to where a stream reaches."""

    stream: str
    first_seq: int
    last_seq: int


class Hearing(NamedTuple):
    """A subscription of the topology."""

    service: str
    event_type: str
    subject: str
    stream: str


Row = tuple[Any, ...]


class Table(NamedTuple):
    """Where rows of a type lie. A second row with the same key is left out."""

    name: str
    key: tuple[str, ...] = ()


TABLES: dict[type[Row], Table] = {
    Order: Table("orders", ("order_id",)),
    Change: Table("changes", ("order_id", "event_type")),
    Accepted: Table("accepted", ("order_id", "source")),
    Event: Table("events", ("event_id",)),
    Line: Table("lines", ("event_id", "line")),
    Unreadable: Table("unreadable", ("stream", "seq")),
    Letter: Table("letters", ("service", "stream", "seq")),
    Replayed: Table("replayed", ("service", "event_id")),
    Recounted: Table("recounted", ("event_id",)),
    RecountedLine: Table("recounted_lines", ("event_id", "line")),
    Settled: Table("settled", ("service", "stream", "seq")),
    Heard: Table("heard", ("service", "event_id")),
    Said: Table("said", ("event_id", "service")),
    Movement: Table("movements"),
    Mail: Table("mails"),
    Reservation: Table("reservations", ("order_id",)),
    Held: Table("held", ("order_id", "sku")),
    Shelf: Table("shelves", ("sku",)),
    Listed: Table("listed", ("sku",)),
    Received: Table("received", ("sku",)),
    Bought: Table("bought", ("sku",)),
    Unfinished: Table("unfinished", ("order_id",)),
    Extent: Table("extents", ("stream",)),
    Hearing: Table("hearings", ("service", "event_type")),
}
