"""What was read, side by side: a database of the audit's own that spills to disk.

Readers fill the tables; checks ask them. A row type is a table: its fields are the columns. Ids
are their 36 characters in lower case, so that they sort as the ids do.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple, get_type_hints

CACHE_KIB = 65_536


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

# Made after the reading, where a check looks things up by another column than the key.
INDEXES = """
CREATE INDEX events_by_type ON events (event_type, event_id);
CREATE INDEX events_by_order ON events (order_id, event_type);
CREATE INDEX letters_by_event ON letters (event_id, service);
CREATE INDEX movements_by_order ON movements (order_id);
CREATE INDEX mails_by_event ON mails (event_id);
ANALYZE;
"""


class Evidence:
    """A private database without a name: gone with its connection."""

    def __init__(self) -> None:
        # An empty name is a database on disk, of which SQLite keeps CACHE_KIB in memory.
        self._connection = sqlite3.connect("", isolation_level=None)
        self._connection.executescript(
            f"PRAGMA cache_size = -{CACHE_KIB}; PRAGMA journal_mode = OFF;"
            "PRAGMA synchronous = OFF; PRAGMA temp_store = FILE;"
        )
        for row_type, table in TABLES.items():
            self._connection.execute(_definition(row_type, table))
        self._inserts = {row_type: _insert(row_type) for row_type in TABLES}
        self._connection.execute("BEGIN")

    def add(self, row_type: type[Row], rows: Iterable[Sequence[object]]) -> None:
        """Add rows that have the columns of `row_type`, in their order."""
        self._connection.executemany(self._inserts[row_type], rows)

    def complete(self) -> None:
        """Everything is read: make it fast to ask."""
        self._connection.execute("COMMIT")
        self._connection.executescript(INDEXES)

    def select(self, statement: str, *parameters: object) -> Iterator[Row]:
        return self._connection.execute(statement, parameters)

    def execute(self, statement: str) -> None:
        self._connection.execute(statement)

    def count(self, row_type: type[Row]) -> int:
        name = TABLES[row_type].name
        ((rows,),) = self._connection.execute(f"SELECT count(*) FROM {name}")  # noqa: S608 - ours
        return int(rows)

    def close(self) -> None:
        self._connection.close()


def _definition(row_type: type[Row], table: Table) -> str:
    columns = ", ".join(
        f"{name} {'INTEGER' if hint is int else 'TEXT'}"
        for name, hint in get_type_hints(row_type).items()
    )
    if not table.key:
        return f"CREATE TABLE {table.name} ({columns})"
    key = ", ".join(table.key)
    return f"CREATE TABLE {table.name} ({columns}, PRIMARY KEY ({key})) WITHOUT ROWID"


def _insert(row_type: type[Row]) -> str:
    marks = ", ".join("?" * len(get_type_hints(row_type)))
    return f"INSERT OR IGNORE INTO {TABLES[row_type].name} VALUES ({marks})"  # noqa: S608 - ours
