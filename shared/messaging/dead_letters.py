"""Dead letters: messages put aside for a person, with what it takes to understand and replay."""

from collections.abc import Callable

from nats.js import JetStreamContext

from shared.clock import utc_now
from shared.events.topology import dead_letter_subject
from shared.messaging import headers as h
from shared.messaging.pipeline import Delivery

PUBLISH_TIMEOUT_S = 5.0


class DeadLetters:
    """Publishes to the stream DEAD_LETTERS and waits until it is stored."""

    def __init__(self, jetstream: Callable[[], JetStreamContext]) -> None:
        self._jetstream = jetstream  # of the broker's connection, which comes later

    async def put(self, delivery: Delivery, error: Exception) -> int:
        """Store the original bytes beside their history; return the letter's number.

        Raises:
            nats.errors.Error: it is not known to be stored; the message must not be termed.
        """
        subscription = delivery.subscription
        stored = await self._jetstream().publish(
            dead_letter_subject(subscription.group, subscription.subject),
            delivery.msg.data,
            timeout=PUBLISH_TIMEOUT_S,
            headers=_headers(delivery, error),
        )
        return stored.seq


def _headers(delivery: Delivery, error: Exception) -> dict[str, str]:
    subscription = delivery.subscription
    headers = {
        h.ORIGINAL_SUBJECT: subscription.subject,
        h.GROUP: subscription.group,
        h.DELIVERIES: str(delivery.deliveries),
        h.ERROR: h.one_line(f"{type(error).__name__}: {error}"),
        h.FAILED_AT: utc_now().isoformat(),
        **(_from_stream(delivery) if delivery.letter is None else _from_desk(delivery)),
    }
    if trace := (delivery.msg.headers or {}).get(h.TRACE):
        headers[h.TRACE] = trace
    return headers


def _from_stream(delivery: Delivery) -> dict[str, str]:
    subscription = delivery.subscription
    headers = {
        # The same letter once, however often its term is lost.
        h.MESSAGE_ID: f"dead:{subscription.stream}:{subscription.durable}:{delivery.place}",
        h.STREAM_SEQUENCE: str(delivery.stream_seq),
    }
    if message_id := (delivery.msg.headers or {}).get(h.MESSAGE_ID):
        headers[h.ORIGINAL_ID] = message_id
    return headers


def _from_desk(delivery: Delivery) -> dict[str, str]:
    """A replay that failed: where the event comes from is what the letter before said."""
    told = delivery.msg.headers or {}
    origin = {name: told[name] for name in (h.STREAM_SEQUENCE, h.ORIGINAL_ID) if name in told}
    return {
        h.MESSAGE_ID: f"dead:replay:{delivery.subscription.group}:{delivery.place}",
        h.REPLAY_OF: str(delivery.letter),
        **origin,
    }
