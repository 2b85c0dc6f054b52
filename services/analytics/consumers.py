"""Event → use case. Analytics hears every event there is, each type on a durable of its own."""

from services.analytics.use_cases import Commits, count
from shared.events import EVENTS, Event
from shared.messaging.consumer import Consumer


def subscribe(consumer: Consumer, commits: Commits) -> None:
    async def on_event(event: Event) -> None:
        await count(event, commits)

    for event_type in EVENTS:
        consumer.on(event_type)(on_event)
