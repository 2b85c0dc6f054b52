"""Every stream, subject and durable of the system: each written once, here.

Standard library only. `shared.messaging.topology_setup` turns it into streams and consumers; the
events take their subjects from it; consumers, the audit and the dead-letter desk read it.
"""

from dataclasses import dataclass
from datetime import timedelta

EVENTS_KEPT = timedelta(days=30)
"""How long a stream remembers. Inbox rows must be kept longer (reliability.md, trap 4)."""

DUPLICATE_WINDOW = timedelta(minutes=10)
"""A repeat with the same `Nats-Msg-Id` is dropped this long: spares work, promises nothing."""

MAX_DEAD_LETTER_BYTES = 1024 * 1024
"""The `max_payload` that a NATS server has as it comes."""

MAX_EVENT_BYTES = MAX_DEAD_LETTER_BYTES - 64 * 1024
"""Headers included. An order of 2,000 items takes 0.2 MB, and 0.7 MB with names of 250 letters.

The 64 kB are for a dead letter's headers: whatever a stream took can also be set aside.
"""

MAX_PAYLOAD_BYTES = MAX_EVENT_BYTES - 1024
"""Of the event alone; its headers need a sixth of the rest."""


@dataclass(frozen=True, slots=True)
class Stream:
    """A JetStream stream: file storage, and limits retention.

    Limits, because the other two forget what has been heard: the window of message ids is lost
    with them at a restart, analytics could not be recounted, and an event from before its
    consumer existed would be gone.
    """

    name: str
    prefix: str
    owner: str | None
    """The only service that publishes here; None: each group, of its own dead letters."""
    max_age: timedelta = EVENTS_KEPT
    duplicate_window: timedelta = DUPLICATE_WINDOW
    max_msg_size: int = MAX_EVENT_BYTES
    storage: str = "file"
    retention: str = "limits"

    @property
    def subjects(self) -> tuple[str, ...]:
        return (f"{self.prefix}.>",)


ORDERS = Stream("ORDERS", prefix="orders", owner="order")
INVENTORY = Stream("INVENTORY", prefix="inventory", owner="inventory")
PAYMENTS = Stream("PAYMENTS", prefix="payments", owner="payment")
DEAD_LETTERS = Stream(
    "DEAD_LETTERS", prefix="dead_letters", owner=None, max_msg_size=MAX_DEAD_LETTER_BYTES
)
DESK = Stream("DESK", prefix="desk", owner=None, max_msg_size=MAX_DEAD_LETTER_BYTES)
"""What operators do with dead letters, and what becomes of it: a record each, in order."""

STREAMS = (ORDERS, INVENTORY, PAYMENTS, DEAD_LETTERS, DESK)

SUBJECTS = {
    "OrderPlaced": "orders.placed",
    "OrderConfirmed": "orders.confirmed",
    "OrderCancelled": "orders.cancelled",
    "OrderShipped": "orders.shipped",
    "StockReserved": "inventory.stock_reserved",
    "StockRejected": "inventory.stock_rejected",
    "StockReleased": "inventory.stock_released",
    "ProductChanged": "inventory.product_changed",
    "PaymentProcessed": "payments.processed",
    "PaymentRefunded": "payments.refunded",
}
"""Subject by event type."""

_STREAM_BY_PREFIX = {stream.prefix: stream for stream in STREAMS}


def stream_of(subject: str) -> Stream:
    """Return the stream that stores `subject`; KeyError if none does."""
    return _STREAM_BY_PREFIX[subject.partition(".")[0]]


def dead_letter_subject(group: str, subject: str) -> str:
    """Return where `group` puts what it could not handle of `subject`."""
    return f"{DEAD_LETTERS.prefix}.{group}.{subject}"


REPLAY = "replay"
"""The desk's one action that somebody hears: the group that failed."""


def desk_subject(action: str, letter: int | str, group: str, subject: str) -> str:
    """Return where the desk notes what was done with a dead letter, or a pattern of it.

    Args:
        letter: the dead letter's sequence number; each letter has its own subjects.
        subject: the original one.
    """
    return f"{DESK.prefix}.{action}.{letter}.{group}.{subject}"


@dataclass(frozen=True, slots=True)
class ConsumerLimits:
    """What every durable is created with."""

    ack_wait: timedelta = timedelta(seconds=10)
    """Above the worst handler; a slow one says `in_progress` every third of it."""
    max_deliver: int = -1
    """For ever: at a limit JetStream would keep the message and never deliver it again.
    Dead letters are the pipeline's business (reliability.md, trap 10)."""
    max_ack_pending: int = 4096
    """At least replicas × (workers + prefetch), or each pull waits out its timeout."""


CONSUMER_LIMITS = ConsumerLimits()


@dataclass(frozen=True, slots=True)
class Subscription:
    """One group hears one event type through one durable, shared by all replicas."""

    group: str
    event_type: str

    @property
    def durable(self) -> str:
        return f"{self.group}-{self.event_type}"

    @property
    def subject(self) -> str:
        return SUBJECTS[self.event_type]

    @property
    def stream(self) -> str:
        return stream_of(self.subject).name


_HEARS = {
    "order": (
        "StockReserved",
        "StockRejected",
        "StockReleased",
        "PaymentProcessed",
        "ProductChanged",
    ),
    "inventory": ("OrderPlaced", "OrderConfirmed", "OrderCancelled"),
    "payment": ("StockReserved", "OrderCancelled"),
    "email": ("OrderConfirmed", "OrderCancelled", "OrderShipped", "PaymentRefunded"),
    "analytics": tuple(SUBJECTS),
}

GROUPS = tuple(_HEARS)
"""The consumer groups: one a service, of the same name."""

SUBSCRIPTIONS = tuple(
    Subscription(group, event_type) for group, heard in _HEARS.items() for event_type in heard
)


@dataclass(frozen=True, slots=True)
class Replays:
    """The way back: a group hears again what it alone had failed at, of whatever event type."""

    group: str

    @property
    def durable(self) -> str:
        return f"{self.group}-replays"

    @property
    def subject(self) -> str:
        return desk_subject(REPLAY, "*", self.group, ">")

    @property
    def stream(self) -> str:
        return DESK.name


REPLAYS = tuple(Replays(group) for group in GROUPS)

Hearing = Subscription | Replays
"""Whatever a group hears through a durable."""
