"""Group commit on the real Postgres: together where it can be, apart where it must."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from time import monotonic
from typing import Any

import asyncpg
import pytest

from shared.errors import AlreadyConsumed, DependencyDown, Overloaded
from shared.events import OrderPlaced
from shared.messaging.outbox import Message
from shared.metrics import Metrics
from shared.persistence import database, group_commit
from shared.persistence.database import Database, KeptConnection
from shared.persistence.group_commit import LARGE, GroupCommit
from shared.persistence.work import Work
from shared.persistence.writes import Writes
from tests.eventually import eventually
from tests.integration.shared.shop_floor import Floor
from tests.integration.shared.toy import CounterRepository, Counters, Refused, counting, placed

Commits = GroupCommit[str, Counters]


class Recorder(CounterRepository):
    """Notes who came together."""

    def __init__(self) -> None:
        self.groups: list[list[str]] = []

    async def load(self, tx, needs: Sequence[str]) -> Counters:  # type: ignore[no-untyped-def]
        self.groups.append(list(needs))
        return await super().load(tx, needs)


@pytest.fixture
def repository() -> Recorder:
    return Recorder()


@pytest.fixture
def published() -> list[Message]:
    return []


@asynccontextmanager
async def committing(
    floor: Floor, repository: Recorder, published: list[Message], *, linger_s: float = 0.0
) -> AsyncIterator[Commits]:
    opened = Database(floor.database_url, application="group-commit-tests")
    commits: Commits = GroupCommit(
        KeptConnection(opened.engine),
        repository,
        publish=published.extend,
        metrics=Metrics().group_commit,
        refusals=(Refused,),
        linger_s=linger_s,
        limit=50,
        queue=100,
    )
    commits.start()
    try:
        yield commits
    finally:
        await commits.stop()
        await opened.close()


@pytest.fixture
async def commits(
    floor: Floor, repository: Recorder, published: list[Message]
) -> AsyncIterator[Commits]:
    async with committing(floor, repository, published) as commits:
        yield commits


def hearing(event: OrderPlaced) -> Work[str, Counters, int]:
    return Work(event.customer_id, counting(event), consumed=event)


def asking(name: str) -> Work[str, Counters, int]:
    return Work(name, counting(placed(name)))


async def outcomes(commits: Commits, works: Sequence[Work[str, Counters, int]]) -> list[object]:
    """What became of them, that arrive at once: the result, or the error's type."""
    found = await asyncio.gather(*map(commits.run, works), return_exceptions=True)
    return [type(it) if isinstance(it, BaseException) else it for it in found]


async def test_what_arrives_together_goes_in_one_transaction(
    floor: Floor, commits: Commits, repository: Recorder, published: list[Message]
) -> None:
    assert await outcomes(commits, [asking("ada")] * 20) == list(range(1, 21))
    assert len(repository.groups) == 1
    assert await floor.counters() == {"ada": 20}
    stored = await floor.sql("SELECT event_id, payload FROM outbox")
    assert {(row[0], row[1]) for row in stored} == {(m.event_id, m.payload) for m in published}
    assert len(stored) == 20


async def test_a_group_has_a_largest_size(commits: Commits, repository: Recorder) -> None:
    await outcomes(commits, [asking("ada")] * 90)
    assert [len(group) for group in repository.groups] == [50, 40]


async def test_a_refusal_leaves_its_neighbours_in_their_group(
    floor: Floor, commits: Commits, repository: Recorder
) -> None:
    works = [asking("ada"), asking("refused-1"), asking("bob")]
    assert await outcomes(commits, works) == [1, Refused, 1]
    assert len(repository.groups) == 1
    assert await floor.counters() == {"ada": 1, "bob": 1}


async def test_what_nobody_waits_for_gathers_until_there_is_a_group(
    floor: Floor, repository: Recorder, published: list[Message]
) -> None:
    async with committing(floor, repository, published, linger_s=1.0) as lingering:
        one_by_one = []
        for name in ("ada", "bob", "cid"):
            one_by_one.append(asyncio.create_task(lingering.run(asking(name))))
            for _ in range(5):  # turns of the loop, in which a group would have begun
                await asyncio.sleep(0)
        await asyncio.gather(*one_by_one)
        assert repository.groups == [["ada", "bob", "cid"]]

        started = monotonic()
        await outcomes(lingering, [asking(f"c{number}") for number in range(50)])
        assert monotonic() - started < 1.0  # a whole group has nothing to wait for


async def test_after_a_large_group_the_next_gathers(commits: Commits, repository: Recorder) -> None:
    await outcomes(commits, [asking("ada")] * LARGE)
    one_by_one = []
    for name in ("bob", "cid"):
        one_by_one.append(asyncio.create_task(commits.run(asking(name))))
        for _ in range(5):  # turns of the loop, in which a group would have begun
            await asyncio.sleep(0)
    await asyncio.gather(*one_by_one)
    assert repository.groups[1:] == [["bob", "cid"]]


async def test_but_not_when_enough_waits(
    commits: Commits, repository: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(group_commit, "PACE_S", 5.0)
    started = monotonic()
    await outcomes(commits, [asking("ada")] * LARGE)
    await outcomes(commits, [asking("bob")] * 2 * LARGE)
    assert [len(group) for group in repository.groups] == [LARGE, 2 * LARGE]
    assert monotonic() - started < 5.0


@pytest.mark.parametrize("before", [1, LARGE - 1])
async def test_nor_after_a_small_one(
    commits: Commits, monkeypatch: pytest.MonkeyPatch, before: int
) -> None:
    monkeypatch.setattr(group_commit, "PACE_S", 5.0)
    started = monotonic()
    await outcomes(commits, [asking("ada")] * before)
    await commits.run(asking("bob"))
    assert monotonic() - started < 5.0


async def test_nor_a_while_later(commits: Commits, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(group_commit, "PACE_S", 5.0)
    monkeypatch.setattr(group_commit, "PACED_FOR_S", 0.0)
    started = monotonic()
    await outcomes(commits, [asking("ada")] * LARGE)
    await commits.run(asking("bob"))
    assert monotonic() - started < 5.0


@pytest.mark.parametrize(("bad", "error"), [("bug-1", RuntimeError), ("refused-1", Refused)])
async def test_a_bad_event_among_good_ones_fails_alone(
    floor: Floor, commits: Commits, published: list[Message], bad: str, error: type[Exception]
) -> None:
    works = [hearing(placed(name)) for name in ("ada", bad, "bob", "ada")]
    assert await outcomes(commits, works) == [1, error, 1, 2]
    assert await floor.inbox() == 3
    assert len(published) == await floor.unmarked() == 3


async def test_an_event_twice_in_a_group_and_once_more_later_counts_once(
    floor: Floor, commits: Commits
) -> None:
    event = placed("ada")
    works = [hearing(event), hearing(event), asking("ada")]
    assert await outcomes(commits, works) == [1, AlreadyConsumed, 2]
    assert await outcomes(commits, [hearing(event)]) == [AlreadyConsumed]
    assert await floor.counters() == {"ada": 2}
    assert await floor.unmarked() == 2


async def test_a_row_that_the_database_refuses_fails_its_own_member_alone(
    floor: Floor, commits: Commits
) -> None:
    works = [hearing(placed("ada")), asking("nul \0 byte"), hearing(placed("bob"))]
    ada, nul, bob = await outcomes(commits, works)
    assert (ada, bob) == (1, 1)
    assert isinstance(nul, type)
    assert not issubclass(nul, DependencyDown)  # or it would be tried for ever
    assert await floor.counters() == {"ada": 1, "bob": 1}


async def test_a_full_queue_says_so(commits: Commits) -> None:
    found = await outcomes(commits, [asking("ada")] * 110)
    assert found == [*range(1, 101), *[Overloaded] * 10]


async def test_two_replicas_that_get_the_same_events_count_each_once(
    floor: Floor, commits: Commits
) -> None:
    opened = Database(floor.database_url, application="replica")
    twin: Commits = GroupCommit(
        KeptConnection(opened.engine),
        CounterRepository(),
        publish=lambda _messages: None,
        metrics=Metrics().group_commit,
    )
    twin.start()
    events = [placed(f"c{number % 5}") for number in range(80)]
    ours, theirs = await asyncio.gather(
        outcomes(commits, [hearing(event) for event in events]),
        outcomes(twin, [hearing(event) for event in reversed(events)]),
    )
    await twin.stop()
    await opened.close()
    for first, second in zip(ours, reversed(theirs), strict=True):
        assert sorted([first is AlreadyConsumed, second is AlreadyConsumed]) == [False, True]
    assert await floor.total() == await floor.unmarked() == 80


async def test_what_nobody_waits_for_any_more_is_not_begun(floor: Floor, commits: Commits) -> None:
    gone = asyncio.create_task(commits.run(asking("ada")))
    stays = asyncio.create_task(commits.run(asking("bob")))
    await asyncio.sleep(0)
    gone.cancel()
    assert await stays == 1
    assert await floor.counters() == {"bob": 1}


async def test_a_stop_finishes_what_waits(floor: Floor, commits: Commits) -> None:
    running = [asyncio.create_task(commits.run(asking("ada"))) for _ in range(70)]
    await asyncio.sleep(0)
    await commits.stop()
    assert [await run for run in running] == list(range(1, 71))
    assert await floor.counters() == {"ada": 70}


async def test_after_a_lost_connection_it_goes_on(floor: Floor, commits: Commits) -> None:
    assert await outcomes(commits, [asking("ada")]) == [1]
    await floor.sql(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE application_name = 'group-commit-tests'"
    )

    async def goes() -> bool:
        return (await outcomes(commits, [asking("ada")]))[0] is not DependencyDown

    await eventually(goes)
    assert await floor.counters() == {"ada": 2}


async def test_a_hung_postgres_is_an_outage_and_no_end(
    floor: Floor, commits: Commits, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await outcomes(commits, [asking("ada")]) == [1]
    connection: Any = commits._connection._driver
    connection._config = connection._config._replace(command_timeout=0.3)
    with floor.suspended("postgres"):
        assert await outcomes(commits, [asking("ada"), asking("bob")]) == [DependencyDown] * 2

    async def goes() -> bool:
        return (await outcomes(commits, [asking("bob")]))[0] == 1

    await eventually(goes)
    assert await floor.counters() == {"ada": 1, "bob": 1}


async def test_a_stop_does_not_wait_for_a_hung_postgres(floor: Floor, commits: Commits) -> None:
    assert await outcomes(commits, [asking("ada")]) == [1]
    with floor.suspended("postgres"):
        waiting = asyncio.create_task(commits.run(asking("ada")))
        await asyncio.sleep(0)
        async with asyncio.timeout(3):
            await commits.stop(0.2)
        waiting.cancel()


async def test_reads_that_find_no_free_connection_are_told_to_come_back(
    floor: Floor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "CONNECT_TIMEOUT_S", 0.2)
    opened = Database(floor.database_url, application="small", pool_size=1)
    async with opened.session() as held:
        await held.connection()
        with pytest.raises(Overloaded):
            await opened.ping()
    await opened.ping()
    await opened.close()


class Racing(CounterRepository):
    """Another replica makes a row between this one's look and its writing, some times over."""

    def __init__(self, races: int) -> None:
        self.races = races
        self.saved = 0

    async def save(self, writes: Writes, state: Counters) -> None:
        self.saved += 1
        if self.saved <= self.races:
            raise asyncpg.UniqueViolationError("made meanwhile")
        await super().save(writes, state)


@pytest.mark.parametrize(("races", "outcome"), [(2, 1), (9, asyncpg.UniqueViolationError)])
async def test_a_lost_race_is_decided_again_but_not_for_ever(
    floor: Floor, races: int, outcome: object
) -> None:
    opened = Database(floor.database_url, application="group-commit-tests")
    commits: Commits = GroupCommit(
        KeptConnection(opened.engine),
        Racing(races),
        publish=lambda _: None,
        metrics=Metrics().group_commit,
    )
    commits.start()

    assert await outcomes(commits, [asking("ada")]) == [outcome]
    assert await floor.total() == (1 if outcome == 1 else 0)

    await commits.stop()
    await opened.close()


async def test_works_that_come_as_one_are_answered_as_one(commits: Commits) -> None:
    good, bad, repeated = placed("ada"), placed("bug-1"), placed("bob")
    assert await commits.run_all([hearing(repeated)]) == [None]
    errors = await commits.run_all([hearing(good), hearing(bad), hearing(repeated)])
    assert [type(error) for error in errors] == [type(None), RuntimeError, AlreadyConsumed]


async def test_works_that_come_as_one_may_be_more_than_a_group_holds(
    commits: Commits, repository: Recorder
) -> None:
    assert await commits.run_all([hearing(placed("ada")) for _ in range(70)]) == [None] * 70
    assert [len(group) for group in repository.groups] == [50, 20]


async def test_all_or_none_of_them_are_taken(commits: Commits, floor: Floor) -> None:
    with pytest.raises(Overloaded):
        await commits.run_all([hearing(placed("ada")) for _ in range(101)])
    assert await floor.inbox() == 0
    assert await commits.run(asking("ada")) == 1


async def test_works_whose_caller_went_away_are_left_out(commits: Commits, floor: Floor) -> None:
    first = asyncio.create_task(commits.run(asking("bob")))
    works = [hearing(placed("ada")) for _ in range(3)]
    gone = asyncio.create_task(commits.run_all(works))
    await asyncio.sleep(0)
    gone.cancel()
    with pytest.raises(asyncio.CancelledError):
        await gone
    assert await first == 1
    await commits.run(asking("bob"))
    assert await floor.counters() == {"bob": 2}
