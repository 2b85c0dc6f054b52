"""What was seen, in Redis: a redelivered event is acknowledged without a trip to Postgres.

Redis only saves work. The inbox decides, so that everything stays right when Redis is empty, away
or wiped. A first delivery is not looked up: it has hardly ever been seen, and the inbox insert
that follows would find it. Marks are sent together, after the commit.
"""

import asyncio
from time import time
from uuid import UUID

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from shared.errors import AlreadyConsumed
from shared.messaging.pipeline import Delivery, Next
from shared.metrics import SeenMetrics

log = structlog.get_logger(__name__)

MARK_EVERY_S = 0.5
MARKS_KEPT = 50_000


class Seen:
    """The events that a consumer group has handled, for a while.

    Ids stand in sets by time, `seen:<group>:<n>`; a set lives for two periods, and two are looked
    at, so that an id is known for at least `keep_s`, longer than any ordinary redelivery.
    """

    def __init__(self, redis: Redis, group: str, *, keep_s: int, metrics: SeenMetrics) -> None:
        self._redis = redis
        self._group = group
        self._keep_s = keep_s
        self._metrics = metrics
        self._marks: list[bytes] = []
        self._marked = asyncio.Event()
        self._away = False

    async def __call__(self, delivery: Delivery, following: Next) -> None:
        """Skip what was handled before; as a stage of the pipeline."""
        event = delivery.event
        assert event is not None  # noqa: S101 - decoded by the stage before
        if delivery.deliveries > 1 and await self.knows(event.event_id):
            raise AlreadyConsumed(event.event_id)
        await following(delivery)
        self.mark(event.event_id)

    async def knows(self, event_id: UUID) -> bool:
        """Tell whether the event was marked; False if Redis cannot say."""
        now = self._period()
        try:
            async with self._redis.pipeline(transaction=False) as pipe:
                for period in (now, now - 1):
                    pipe.sismember(self._key(period), event_id.bytes)  # type: ignore[arg-type]  # bytes do
                found = any(await pipe.execute())
        except (RedisError, OSError, TimeoutError) as error:
            self._missed(error)
            return False
        self._away = False
        return found

    def mark(self, event_id: UUID) -> None:
        """Note that the event's effect is committed; sent with the next bundle."""
        if len(self._marks) < MARKS_KEPT:
            self._marks.append(event_id.bytes)
            self._marked.set()

    async def keep_sending(self) -> None:
        """Send the marks, bundle after bundle, for ever."""
        while True:
            await self._marked.wait()
            await asyncio.sleep(MARK_EVERY_S)
            await self.send()

    async def send(self) -> None:
        """Send what is marked; if Redis is away it is lost, which costs a trip and no more."""
        if not self._marks:
            return
        marks, self._marks = self._marks, []
        self._marked.clear()
        key = self._key(self._period())
        try:
            async with self._redis.pipeline(transaction=False) as pipe:
                pipe.sadd(key, *marks)
                pipe.expire(key, 2 * self._keep_s)
                await pipe.execute()
        except (RedisError, OSError, TimeoutError) as error:
            self._missed(error)
            return
        self._away = False

    def _missed(self, error: Exception) -> None:
        self._metrics.missed.inc()
        if not self._away:  # once an outage, not once a message
            log.warning("seen.redis_away", error=repr(error))
        self._away = True

    def _period(self) -> int:
        return int(time() // self._keep_s)

    def _key(self, period: int) -> str:
        return f"seen:{self._group}:{period}"
