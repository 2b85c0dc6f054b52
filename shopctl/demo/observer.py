"""Watches the orders through the events that the shop publishes, as anyone could who may listen."""

import asyncio
from bisect import insort
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Self
from uuid import UUID

import nats
from nats.aio.msg import Msg

from shared.events import (
    CancelReason,
    OrderCancelled,
    OrderConfirmed,
    OrderPlaced,
    OrderShipped,
    StockReserved,
)
from shopctl.demo.course import Course

WATCHED = {
    event.subject: (event, course)
    for event, course in (
        (OrderPlaced, Course.PLACED),
        (StockReserved, Course.RESERVED),
        (OrderConfirmed, Course.CONFIRMED),
        (OrderCancelled, Course.CANCELLED),
        (OrderShipped, Course.SHIPPED),
    )
}
Watched = OrderPlaced | StockReserved | OrderConfirmed | OrderCancelled | OrderShipped


@dataclass(slots=True)
class Seen:
    """What has been heard of one order; events of two services may overtake each other."""

    course: Course | None = None
    placed_at: datetime | None = None
    reason: CancelReason | None = None
    moved: asyncio.Event = field(default_factory=asyncio.Event)


class Observer:
    def __init__(self) -> None:
        self._orders: dict[UUID, Seen] = {}
        self.latencies_s: list[float] = []  # placed to confirmed by the shop's times, ascending
        self.courses: Counter[Course] = Counter()

    @classmethod
    @asynccontextmanager
    async def listening(cls, nats_url: str) -> AsyncIterator[Self]:
        """A plain subscription beside the shop's own: it takes nothing away from anyone."""
        observer = cls()
        connection = await nats.connect(nats_url)
        try:
            for subject in WATCHED:
                await connection.subscribe(subject, cb=observer._hear)
            await connection.flush()
            yield observer
        finally:
            await connection.close()

    async def reached(self, order_id: UUID, course: Course) -> bool:
        """Waits until the order is there; False if it will never be."""
        seen = self._seen(order_id)
        while seen.course is None or seen.course < course:
            seen.moved.clear()
            await seen.moved.wait()
        return seen.course is course or (seen.course is not Course.CANCELLED)

    def end_of(self, order_id: UUID) -> Course | CancelReason | None:
        """Where it is now, or why it was cancelled; None if nothing was heard of it."""
        seen = self._seen(order_id)
        return seen.reason or seen.course

    async def _hear(self, message: Msg) -> None:
        event_type, course = WATCHED[message.subject]
        self.note(event_type.from_bytes(message.data), course)

    def note(self, event: Watched, course: Course) -> None:
        seen = self._seen(event.order_id)
        match event:
            case OrderPlaced():
                seen.placed_at = event.timestamp
            case OrderConfirmed() if seen.placed_at:
                insort(self.latencies_s, (event.timestamp - seen.placed_at).total_seconds())
            case OrderCancelled():
                seen.reason = event.reason
        self._move(seen, course)

    def _move(self, seen: Seen, course: Course) -> None:
        if seen.course is not None and course <= seen.course:
            return
        if seen.course is not None:
            self.courses[seen.course] -= 1
        self.courses[course] += 1
        seen.course = course
        seen.moved.set()

    def _seen(self, order_id: UUID) -> Seen:
        return self._orders.setdefault(order_id, Seen())
