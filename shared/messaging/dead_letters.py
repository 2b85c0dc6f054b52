"""Dead letters: messages put aside for a person, with what it takes to understand and replay."""

from collections.abc import Callable

from nats.js import JetStreamContext

from shared.clock import utc_now
from shared.events.topology import dead_letter_subject
from shared.messaging.pipeline import Delivery

PUBLISH_TIMEOUT_S = 5.0
ERROR_CHARACTERS = 1000


class DeadLetters:
    """Publishes to the stream DEAD_LETTERS and waits until it is stored."""

    def __init__(self, jetstream: Callable[[], JetStreamContext]) -> None:
        self._jetstream = jetstream  # of the broker's connection, which comes later

    async def put(self, delivery: Delivery, error: Exception) -> None:
        """Store the original bytes beside their history.

        Raises:
            nats.errors.Error: it is not known to be stored; the message must not be termed.
        """
        subscription = delivery.subscription
        await self._jetstream().publish(
            dead_letter_subject(subscription.group, delivery.msg.subject),
            delivery.msg.data,
            timeout=PUBLISH_TIMEOUT_S,
            headers=self._headers(delivery, error),
        )

    def _headers(self, delivery: Delivery, error: Exception) -> dict[str, str]:
        subscription, seq = delivery.subscription, str(delivery.stream_seq)
        original = delivery.msg.headers or {}
        headers = {
            # The same letter once, however often its term is lost.
            "Nats-Msg-Id": f"dead:{subscription.stream}:{subscription.durable}:{seq}",
            "Original-Subject": delivery.msg.subject,
            "Stream-Sequence": seq,
            "Group": subscription.group,
            "Deliveries": str(delivery.deliveries),
            "Error": one_line(f"{type(error).__name__}: {error}"),
            "Failed-At": utc_now().isoformat(),
        }
        if message_id := original.get("Nats-Msg-Id"):
            headers["Original-Msg-Id"] = message_id
        if trace := original.get("traceparent"):
            headers["traceparent"] = trace
        return headers


def one_line(text: str) -> str:
    """Return text that fits a header: no line breaks, not too long."""
    return " ".join(text.split())[:ERROR_CHARACTERS]
