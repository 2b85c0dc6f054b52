"""How one message is handled: small stages around a handler, stacked in one visible order.

    observe ▸ settle ▸ decode ▸ skip what was seen ▸ wait out an outage ▸ handler

A stage is a function of the delivery and of what comes next. Each concern has its file; the order
stands in `consumer.py`. What a stage or the handler raises, `settle` turns into ack, nak or term.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from nats.aio.msg import Msg

from shared.events import BadPayload, Event
from shared.events.topology import Subscription


@dataclass(slots=True)
class Delivery:
    """One delivery of one message to this consumer group."""

    msg: Msg
    subscription: Subscription
    event: Event | None = None
    letter: int | None = None
    """The dead letter that is replayed; None: the event comes from its own stream."""

    @property
    def deliveries(self) -> int:
        """How many times the broker has delivered the message, this time included."""
        return int(self._token(-5))

    @property
    def stream_seq(self) -> int:
        return int(self._token(-4))

    @property
    def pending(self) -> int:
        """How many messages waited for this consumer when this one was delivered."""
        return int(self._token(-1))

    def _token(self, from_end: int) -> str:
        # $JS.ACK.<stream>.<consumer>.<delivered>.<stream seq>.<consumer seq>.<time>.<pending>;
        # with a domain there are three tokens more, the last of which is random.
        tokens = self.msg.reply.split(".")
        return tokens[from_end] if len(tokens) == 9 else tokens[from_end - 1]


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
