"""Group commit: many decisions, one transaction. Where the speed comes from.

While one group is on its way to Postgres, the work that arrives gathers, and goes together in the
next: one look at all rows that they need, each decision in turn on the shared state, all writes
with inbox and outbox in one statement. Alone, work goes at once: nobody waits for a timer, unless
it is work that nobody waits for (`linger_s`), or the group before was large (`PACE_S`).

A group goes in hope: that nobody has consumed its events, and that nobody changes its rows
meanwhile. The statement that writes finds out, and writes all or nothing; then the group goes once
more, in a transaction that asks the inbox and locks the rows first (docs/adr/0013).
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from time import monotonic, perf_counter
from typing import Any, Generic, Protocol, TypeVar, runtime_checkable

import asyncpg

from shared.errors import DependencyDown, Overloaded
from shared.messaging import inbox, outbox
from shared.messaging.outbox import Message, message_of
from shared.metrics import GroupCommitMetrics
from shared.persistence.database import KeptConnection
from shared.persistence.members import Caller, Member, Members, consumed, without_repeats
from shared.persistence.work import Work
from shared.persistence.writes import LostRace, Writes
from shared.tasks import end

# After a lost race all groups are careful for a while: where replicas compete, hope costs more than
# it saves. The while doubles with each race that is lost before a group got through in hope.
CAREFUL_S, CAREFUL_AT_MOST_S = 0.02, 1.0

# Under load: within a while of a large group the next gives work some time to gather, unless twice
# as much waits already. A group costs a millisecond or two of CPU time, however small it is, all
# processes together; who spares it is through earlier (docs/adr/0025-a-pace-under-load.md).
PACE_S, PACED_FOR_S, LARGE = 0.008, 0.05, 16

N = TypeVar("N")
S = TypeVar("S")
R = TypeVar("R")
N_contra = TypeVar("N_contra", contravariant=True)


class Repository(Protocol[N_contra, S]):
    """Rows ↔ state, for a whole group at once, in a transaction."""

    async def load(self, tx: asyncpg.Connection, needs: Sequence[N_contra], /) -> S:
        """Read and lock, in key order, all rows that the members need."""
        ...

    async def save(self, writes: Writes, state: S, /) -> None:
        """Write what the decisions changed, one statement a table."""
        ...


@runtime_checkable
class HopefulRepository(Repository[N_contra, S], Protocol[N_contra, S]):
    """One whose groups need no transaction: what it saves guards what was read."""

    async def look(self, db: asyncpg.Connection, needs: Sequence[N_contra], /) -> S:
        """Read the rows without a lock; none of what is probably not there."""
        ...


Load = Callable[[asyncpg.Connection, Sequence[N]], Awaitable[S]]


class GroupCommit(Generic[N, S]):
    """Runs work in groups on one kept connection.

    Args:
        connection: the connection that all groups follow one another on.
        repository: the service's own.
        publish: is handed the messages of each group after its COMMIT.
        refusals: the domain's errors, which `decide` raises before it changes anything: such a
            command goes alone, where any other error takes its whole group back.
        linger_s: how long work gathers before a group begins; only where nobody waits for it.
        limit: members of one group, at the most.
        queue: members that may wait; beyond it `run` raises Overloaded.
    """

    def __init__(
        self,
        connection: KeptConnection,
        repository: Repository[N, S],
        *,
        publish: Callable[[list[Message]], None],
        metrics: GroupCommitMetrics,
        refusals: tuple[type[Exception], ...] = (),
        linger_s: float = 0.0,
        limit: int = 256,
        queue: int = 2048,
    ) -> None:
        self._connection = connection
        self._repository = repository
        self._look = repository.look if isinstance(repository, HopefulRepository) else None
        self._careful_until = 0.0
        self._careful_s = CAREFUL_S
        self._publish = publish
        self._metrics = metrics
        self._refusals = refusals
        self._linger_s = linger_s
        self._limit = limit
        self._queue = queue
        self._waiting: deque[Member[N, S]] = deque()
        self._arrived = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._enough = 0  # members for which a group begins at once
        self._paced_until = 0.0
        self._writer: asyncio.Task[None] | None = None

    async def run(self, work: Work[N, S, R]) -> R:
        """Return the decision's result, after the COMMIT of the group it went in.

        Raises:
            AlreadyConsumed: the inbox has `work.consumed`.
            DependencyDown: Postgres is away; whether it was committed may be unknown.
            Overloaded: too many wait already.
            Exception: whatever `decide` raised; nothing of this work was written.
        """
        caller, [member] = self._take([work])
        await caller.woken
        if member.error is not None:
            raise member.error
        result: R = member.result
        return result

    async def run_all(self, works: Sequence[Work[N, S, R]]) -> list[Exception | None]:
        """Return for each work the error that `run` would raise, or None: it is committed.

        They wait as one, which spares a task and a future for each (docs/adr/0011).

        Raises:
            Overloaded: too many wait already; none of them was taken.
        """
        caller, members = self._take(works)
        await caller.woken
        return [member.error for member in members]

    def _take(self, works: Sequence[Work[N, S, Any]]) -> tuple[Caller, Members[N, S]]:
        if len(self._waiting) + len(works) > self._queue:
            raise Overloaded("group commit")
        caller = Caller(len(works), self._loop)
        members = [Member(work, caller) for work in works]
        self._waiting.extend(members)
        self._arrived.set()
        return caller, members

    def start(self) -> None:
        self._loop = asyncio.get_running_loop()  # asking for it is a system call (getpid)
        self._writer = asyncio.create_task(self._write(), name="group-commit")

    async def stop(self, deadline_s: float = 5.0) -> None:
        """Finish what waits, at the most `deadline_s`, then let go of the connection."""
        if self._writer is not None:
            with suppress(TimeoutError):  # Postgres hangs; what waits is not committed
                async with asyncio.timeout(deadline_s):
                    await self._finish()
            await end([self._writer])
            self._writer = None
        await self._connection.close()

    async def _finish(self) -> None:
        while self._waiting or not self._idle.is_set():
            await self._idle.wait()
            await asyncio.sleep(0)  # let the members go on: they may bring more work

    async def _write(self) -> None:
        while True:
            await self._arrived.wait()
            self._idle.clear()
            if gather_s := self._time_to_gather():
                await asyncio.sleep(gather_s)
            group = self._next_group()
            if not self._waiting:
                self._arrived.clear()
            size = len(group)
            if group:
                await self._commit(group, hopeful=monotonic() >= self._careful_until)
            self._set_pace(size)
            if not self._waiting:
                self._idle.set()

    def _time_to_gather(self) -> float:
        """Return how long what waits is to wait for more, seconds."""
        waiting = len(self._waiting)
        if self._linger_s:
            return self._linger_s if waiting < self._limit else 0.0
        return PACE_S if waiting < self._enough and monotonic() < self._paced_until else 0.0

    def _set_pace(self, size: int) -> None:
        self._enough = min(2 * size, self._limit) if size >= LARGE else 0
        self._paced_until = monotonic() + PACED_FOR_S

    def _next_group(self) -> Members[N, S]:
        """Take the next members, but for those whose callers went away: their events come again."""
        size = min(len(self._waiting), self._limit)
        members = [self._waiting.popleft() for _ in range(size)]
        return [member for member in members if not member.caller.is_gone]

    async def _commit(self, group: Members[N, S], *, hopeful: bool) -> None:
        started = perf_counter()
        try:
            messages = await self._transact(group, hopeful=hopeful)
        except DependencyDown as down:
            for member in group:
                member.fail(down)
            return
        except Exception as error:  # noqa: BLE001 - whatever it is, it must not reach the neighbours
            if hopeful:
                if isinstance(error, LostRace | asyncpg.UniqueViolationError):
                    self._careful_until = monotonic() + self._careful_s
                    self._careful_s = min(2 * self._careful_s, CAREFUL_AT_MOST_S)
                await self._commit(group, hopeful=False)
            else:
                await self._part(group, error)
            return
        if not group:  # all of them were early
            return
        if hopeful:
            self._careful_s = CAREFUL_S
        if messages:
            self._publish(messages)
        for member in group:
            member.settle()
        self._metrics.committed(len(group), perf_counter() - started)

    def _let_early_wait(self, group: Members[N, S], state: S) -> None:
        """Put who is early back in front of the queue; the group goes without them."""
        early = [member for member in group if member.waits(state)]
        for member in reversed(early):
            member.let_go += 1
            group.remove(member)
            self._waiting.appendleft(member)
        if early:
            self._arrived.set()

    async def _part(self, group: Members[N, S], error: Exception) -> None:
        """Run the members of a failed group one by one, so that one harms no other.

        Also a single one, where another replica made the same row first: now it finds that row.
        """
        if len(group) == 1 and not group[0].lost_race(error):
            group[0].fail(error)
            return
        for member in group:
            await self._commit([member], hopeful=False)

    async def _transact(self, group: Members[N, S], *, hopeful: bool) -> list[Message]:
        """Commit what the members decide, and return what they have to say.

        In a transaction too the inbox rows go last, with all other writes, and the inbox is only
        looked at before: rows are locked in one order, whichever way a group goes.
        """
        if hopeful and self._look is not None:
            async with self._connection.statements() as db:
                return await self._decide(db, group, self._look, hopeful=True)
        async with self._connection.transaction() as tx:
            heard = [] if hopeful else consumed(group)
            fresh = without_repeats(group, await inbox.known(tx, heard))
            return await self._decide(tx, fresh, self._repository.load)

    async def _decide(
        self,
        db: asyncpg.Connection,
        members: Members[N, S],
        load: Load[N, S],
        *,
        hopeful: bool = False,
    ) -> list[Message]:
        if not members:
            return []
        writes = Writes(db)
        state = await load(db, [member.work.needs for member in members])
        if hopeful:
            self._let_early_wait(members, state)
        messages = [
            message_of(event, member.trace)
            for member in members
            for event in member.decide(state, self._refusals)
        ]
        await self._repository.save(writes, state)
        outbox.store(writes, messages)
        inbox.store(writes, consumed(members))
        await writes.send()
        return messages
