"""What is left to do for events whose handling is committed: mark, count, acknowledge."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from shared.messaging.client import EventMsg
from shared.messaging.idempotency import Seen
from shared.metrics import SubscriptionMetrics


@dataclass(frozen=True, slots=True)
class Finished:
    """One subscription's; the short ways end here, as the stages do in their own order."""

    seen: Seen
    metrics: SubscriptionMetrics

    def note(
        self, messages: Sequence[EventMsg], event_ids: Iterable[UUID], *, seconds: float
    ) -> None:
        """`seconds`: how long it took, for each of them as long as for all."""
        for event_id in event_ids:
            self.seen.mark(event_id)
        self.metrics.handled(len(messages), seconds)
        messages[0].client.acknowledge(messages)
