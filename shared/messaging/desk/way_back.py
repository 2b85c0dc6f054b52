"""The way back: what the desk replays to a group, brought to the handler of its event."""

from collections.abc import Callable

import structlog
from nats.js import JetStreamContext

from shared.events import Event
from shared.events.topology import Replays, Subscription
from shared.messaging.client import EventMsg
from shared.messaging.desk.archive import Archive, Closing, ReplayedLetters
from shared.messaging.observing import Observing, Tracing
from shared.messaging.outage import Patience
from shared.messaging.pipeline import Delivery, Next, Stage, decoding, stack
from shared.messaging.pull import ContinuousPull
from shared.messaging.retry import Settling
from shared.metrics import SubscriptionMetrics

log = structlog.get_logger(__name__)


class WayBack:
    """One group's. The same stages as for events from their streams, but for two:

    Redis is not asked, as every replay has to come as far as closing its letter; and that is done
    right around the handler.
    """

    def __init__(
        self,
        group: str,
        jetstream: Callable[[], JetStreamContext],
        *,
        metrics: SubscriptionMetrics,
        max_deliveries: int,
    ) -> None:
        self.replays = Replays(group)
        self._archive = Archive(jetstream)
        self._letters = ReplayedLetters(jetstream, self._archive)
        self._metrics = metrics
        self._max_deliveries = max_deliveries
        self._handlers: dict[str, tuple[Subscription, Next]] = {}

    def add(
        self,
        subscription: Subscription,
        event_type: type[Event],
        call_handler: Next,
        pull: ContinuousPull,
    ) -> None:
        """Let replayed events of this type reach their handler."""
        stages: list[Stage] = [
            Tracing(),
            Settling(self._letters, self._metrics, self._max_deliveries),
            decoding(event_type.from_bytes),
            Observing(self._metrics),
            Patience(pull),
            Closing(self._archive),
        ]
        self._handlers[subscription.subject] = (subscription, stack(stages, call_handler))

    async def handle(self, msg: EventMsg) -> None:
        """Handle one replay; what cannot be one is dropped, as there is no letter to keep it."""
        letter, subject = _addressed(msg.subject)
        found = self._handlers.get(subject)
        if letter is None or found is None:
            log.error("replay.unknown", subject=msg.subject)
            await msg.term()
            return
        subscription, handle = found
        await handle(Delivery(msg, subscription, letter=letter))


def _addressed(subject: str) -> tuple[int | None, str]:
    """Read the letter's number and the original subject (topology.desk_subject)."""
    _, _, letter, _, original = subject.split(".", 4)
    return (int(letter) if letter.isdecimal() else None), original
