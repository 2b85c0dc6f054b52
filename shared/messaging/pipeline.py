"""How one message is handled when it may not be easy: small stages around a handler, in one order.

    trace ▸ settle ▸ decode ▸ skip what was seen ▸ observe ▸ wait out an outage ▸ handler

A stage is a function of the delivery and of what comes next. Each concern has its file; the order
stands in `consumer.py`. What a stage or the handler raises, `settle` turns into ack, nak or term.
What comes for the first time is tried before, past the stages (`first_try.py`, `together.py`).
"""

from collections.abc import Awaitable, Callable

from shared.events import BadPayload, Event
from shared.events.topology import Subscription
from shared.messaging.client import EventMsg


class Delivery:
    """One delivery of one message to this consumer group.

    Attributes:
        event: what the message's bytes say, once they are decoded.
        letter: the dead letter that is replayed; None: the event comes from its own stream.
        failed: how the handler's first try ended, if it was made before the stages.
        deliveries: how many times the broker has delivered the message, this time included.
    """

    __slots__ = ("_tokens", "deliveries", "event", "failed", "letter", "msg", "subscription")

    def __init__(
        self,
        msg: EventMsg,
        subscription: Subscription,
        *,
        letter: int | None = None,
        failed: Exception | None = None,
    ) -> None:
        self.msg = msg
        self.subscription = subscription
        self.event: Event | None = None
        self.letter = letter
        self.failed = failed
        self._tokens = _tokens(msg)
        self.deliveries = int(self._tokens[-5])

    @property
    def stream_seq(self) -> int:
        return int(self._tokens[-4])

    @property
    def place(self) -> str:
        """Where the message is stored, and when.

        A broker that lost its tail gives numbers a second time; the time tells them apart.
        """
        return f"{self.stream_seq}:{self._tokens[-2]}"


def deliveries_of(msg: EventMsg) -> int:
    """Return how many times the broker has delivered the message, this time included."""
    return int(_tokens(msg)[-5])


def _tokens(msg: EventMsg) -> list[str]:
    """Take the reply subject apart.

    $JS.ACK.<stream>.<consumer>.<delivered>.<stream seq>.<consumer seq>.<time>.<pending>;
    with a domain there are three tokens more, the last of which is random.
    """
    tokens = msg.reply.split(".")
    return tokens if len(tokens) == 9 else tokens[:-1]


Next = Callable[[Delivery], Awaitable[None]]
Stage = Callable[[Delivery, Next], Awaitable[None]]
Decoder = Callable[[bytes], Event]


def stack(stages: list[Stage], innermost: Next) -> Next:
    """Return the stages as one function, the first outermost."""
    following = innermost
    for stage in reversed(stages):
        following = _before(stage, following)
    return following


def _before(stage: Stage, following: Next) -> Next:
    def run(delivery: Delivery) -> Awaitable[None]:
        return stage(delivery, following)

    return run


def decoding(from_bytes: Decoder) -> Stage:
    """Make an event of the message's bytes; `BadPayload` is permanent."""

    async def decode(delivery: Delivery, following: Next) -> None:
        delivery.event = from_bytes(delivery.msg.data)
        await following(delivery)

    return decode


__all__ = ["BadPayload", "Decoder", "Delivery", "Next", "Stage", "decoding", "stack"]
