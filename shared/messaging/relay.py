"""The relay: carries what was committed to the outbox over to the broker.

After a COMMIT it is handed the messages in-process and publishes them at once. Beside that a slow
poll takes groups "not yet published" (never "after the last id": numbers commit out of order) and
so finds what a crash or an outage has left. A group is marked when all of it is acknowledged, and
marks are written together, a little later: a crash between the two publishes a message again, under
the same id, which JetStream and every inbox recognise. While the process lives, what a group is
still missing is said again, and nothing else.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import structlog

from shared.clock import utc_now
from shared.errors import DependencyDown
from shared.messaging import inbox, outbox
from shared.messaging.client import EventClient
from shared.messaging.outbox import Group, Message
from shared.messaging.publisher import PipelinedPublisher
from shared.metrics import RelayMetrics
from shared.persistence.database import KeptConnection
from shared.tasks import end

log = structlog.get_logger(__name__)

POLL_EVERY_S = 1.0
POLL_LIMIT = 1000
POLL_GRACE = timedelta(seconds=3)
MARK_AFTER_S = 0.5
PRUNE_EVERY_S = 30.0
PRUNE_LIMIT = 10_000
LAST_MARKS_S = 1.0
# Beyond this the rows wait in the table for the poll: a long outage must not fill the memory.
HANDED_OVER_LIMIT = 20_000


@dataclass(slots=True)
class _Pending:
    """A group that is being published here, until it is marked."""

    group: Group
    missing: int
    unknown: list[Message] = field(default_factory=list)
    """Stored by the broker or not: to be said again."""

    def acknowledged(self, key: int, seq: int) -> bool:
        """Note a message's number; tell whether it was the last that was missing."""
        seqs = self.group.seqs
        is_new = seqs[key] is None
        seqs[key] = seq
        self.missing -= is_new
        return is_new and not self.missing


class Relay:
    """Publishes one process's outbox messages; its polls serve all replicas of the service.

    Args:
        connection: for marks and polls; it may commit without waiting for the disk, since a
            mark that is lost costs a repeat and nothing else.
        keep_outbox: how long a published row stays, for a broker that loses its tail.
        keep_inbox: how long a consumed event's row stays; longer than the streams keep it.
    """

    def __init__(
        self,
        connection: KeptConnection,
        *,
        metrics: RelayMetrics,
        keep_outbox: timedelta,
        keep_inbox: timedelta,
    ) -> None:
        self._connection = connection
        self._one_at_a_time = asyncio.Lock()
        self._metrics = metrics
        self._keep_outbox = keep_outbox
        self._keep_inbox = keep_inbox
        self._waiting: deque[Message] = deque()
        self._pending: dict[int, _Pending] = {}
        self._grace = timedelta(0)  # the first poll takes all that an earlier process left
        self._acknowledged: list[Group] = []
        self._handed_over = asyncio.Event()
        self._to_mark = asyncio.Event()
        self._publisher: PipelinedPublisher | None = None
        self._tasks: list[asyncio.Task[None]] = []

    def hand_over(self, messages: Sequence[Message]) -> None:
        """Take messages that were just committed, as one `outbox.store`; returns at once."""
        self._take(Group.of(messages))

    def _take(self, group: Group) -> None:
        if len(self._waiting) > HANDED_OVER_LIMIT:
            return
        self._pending.update(dict.fromkeys(group.seqs, _Pending(group, len(group.messages))))
        self._say(group.messages)

    def _say(self, messages: Iterable[Message]) -> None:
        self._waiting.extend(messages)
        self._handed_over.set()

    async def start(self, connection: EventClient) -> None:
        self._broker = connection
        publisher = PipelinedPublisher(connection, self._settled)
        await publisher.start()
        self._publisher = publisher
        self._tasks = [
            asyncio.create_task(self._publish(publisher), name="relay-publish"),
            asyncio.create_task(self._mark(), name="relay-mark"),
            asyncio.create_task(_repeat(self._poll_all, POLL_EVERY_S), name="relay-poll"),
            asyncio.create_task(_repeat(self._prune, PRUNE_EVERY_S), name="relay-prune"),
        ]

    def reconnected(self) -> None:
        """Say again what was in flight when the broker went away."""
        if self._publisher is not None:  # the connection may break before we started
            self._publisher.send_again()

    async def measure_backlog(self) -> None:
        """Count what the service has written and not published, for the metrics."""
        async with self._one_at_a_time, self._connection.statements() as db:
            messages, oldest_s = await outbox.backlog(db)
        self._metrics.pending.set(messages)
        self._metrics.oldest_age.set(oldest_s)

    async def stop(self, deadline_s: float) -> None:
        """Publish what was handed over, at the most `deadline_s`; the rest waits in the table."""
        until = asyncio.get_running_loop().time() + deadline_s
        while self._unpublished and asyncio.get_running_loop().time() < until:
            await asyncio.sleep(0.005)
        await end(self._tasks)
        if self._publisher is not None:
            await self._publisher.stop()
        try:
            async with asyncio.timeout(LAST_MARKS_S):
                await self._write_marks()
        except (DependencyDown, TimeoutError):
            log.info("relay.marks_left", messages=sum(len(it.seqs) for it in self._acknowledged))
        await self._connection.close()

    @property
    def _unpublished(self) -> bool:
        """Tell whether waiting helps: with the broker away it does not."""
        if self._publisher is None or not self._broker.is_connected:
            return False
        return bool(self._waiting) or self._publisher.busy

    async def _publish(self, publisher: PipelinedPublisher) -> None:
        while True:
            await self._handed_over.wait()
            self._handed_over.clear()
            while self._waiting:
                await self._connected()
                await publisher.publish(self._waiting.popleft())

    async def _connected(self) -> None:
        while not self._broker.is_connected:
            await asyncio.sleep(0.05)

    def _settled(self, message: Message, stream: str, seq: int | None) -> None:
        key = message.event_id.int
        pending = self._pending.get(key)
        if pending is None:  # it was said twice, and the other acknowledgement is marked
            return
        if seq is None:
            pending.unknown.append(message)  # the poll will say it again
        elif pending.acknowledged(key, seq):
            self._metrics.published.inc(len(pending.group.messages))
            self._acknowledged.append(pending.group)
            self._to_mark.set()

    async def _mark(self) -> None:
        while True:
            await self._to_mark.wait()
            await asyncio.sleep(MARK_AFTER_S)
            try:
                await self._write_marks()
            except DependencyDown:
                await asyncio.sleep(POLL_EVERY_S)
            except Exception:  # the task's edge: without it nothing would be marked any more
                log.exception("relay.mark_failed")
                await asyncio.sleep(POLL_EVERY_S)

    async def _write_marks(self) -> None:
        acknowledged, self._acknowledged = self._acknowledged, []
        self._to_mark.clear()
        if not acknowledged:
            return
        try:
            async with self._one_at_a_time, self._connection.statements() as db:
                await outbox.mark(db, acknowledged)
        except BaseException:  # also when stopped in the midst: the last marks come after that
            self._acknowledged.extend(acknowledged)
            self._to_mark.set()
            raise
        for group in acknowledged:
            for key in group.seqs:
                self._pending.pop(key, None)

    async def _poll_all(self) -> None:
        while await self._poll() >= POLL_LIMIT:
            while self._waiting:
                await asyncio.sleep(0.01)
            await asyncio.sleep(2 * MARK_AFTER_S)  # or the next look would find the same rows
        self._grace = POLL_GRACE

    async def _poll(self) -> int:
        """Take over what nobody has published; return how many messages there were."""
        async with self._one_at_a_time, self._connection.statements() as db:
            left = await outbox.unpublished(db, self._grace, POLL_LIMIT)
        lost = sum(map(self._say_again, left))
        if lost:
            log.info("relay.found", messages=lost)
            self._metrics.republished.inc(lost)
        return sum(len(group.messages) for group in left)

    def _say_again(self, group: Group) -> int:
        """Say what nobody is about to: all of a group of another process; return how many."""
        pending = self._pending.get(next(iter(group.seqs)))
        if pending is None:
            self._take(group)
            return len(group.messages)
        unknown, pending.unknown = pending.unknown, []
        self._say(unknown)
        return len(unknown)

    async def _prune(self) -> None:
        now = utc_now()
        for prune, keep in ((outbox.prune, self._keep_outbox), (inbox.prune, self._keep_inbox)):
            deleted = PRUNE_LIMIT
            while deleted == PRUNE_LIMIT:
                async with self._one_at_a_time, self._connection.statements() as db:
                    deleted = await prune(db, now - keep, PRUNE_LIMIT)


async def _repeat(job: Callable[[], Awaitable[None]], every_s: float) -> None:
    while True:
        try:
            await job()
        except DependencyDown as down:
            log.info("relay.waits", reason=str(down))
        except Exception:  # the task's edge: what is left in the table depends on the next look
            log.exception("relay.job_failed")
        await asyncio.sleep(every_s)
