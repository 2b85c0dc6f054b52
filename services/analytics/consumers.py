"""Event → use case. Analytics hears every event there is, each type on a durable of its own."""

from services.analytics.use_cases import Commits, count
from shared.events import EVENTS
from shared.messaging.consumer import Consumer


def subscribe(consumer: Consumer, commits: Commits, *, linger_s: float) -> None:
    for event_type in EVENTS:
        consumer.deciding(event_type, commits, linger_s=linger_s)(count)
