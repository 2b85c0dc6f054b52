"""Groups that go in hope: without locks and without a transaction, and right all the same."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence

import asyncpg
import pytest

from shared.errors import AlreadyConsumed
from shared.events import OrderPlaced
from shared.messaging.outbox import Message
from shared.metrics import Metrics
from shared.persistence.database import Database, KeptConnection
from shared.persistence.group_commit import CAREFUL_S, GroupCommit, HopefulRepository
from shared.persistence.work import Decision, Work
from shared.persistence.writes import Writes
from tests.integration.shared.shop_floor import Floor
from tests.integration.shared.toy import placed, said_of

LOOK = "SELECT name, value FROM counters WHERE name = ANY($1) ORDER BY name"
INSERT = "INSERT INTO counters (name, value) SELECT unnest($1::text[]), unnest($2::bigint[])"
CHANGE = """
UPDATE counters SET value = now.value
FROM (SELECT unnest($1::text[]) AS name, unnest($2::bigint[]) AS value,
    unnest($3::bigint[]) AS stored) AS now
WHERE counters.name = now.name AND counters.value = now.stored
"""

Counters = dict[str, tuple[int, int | None]]
"""By name: the value, and the one that was read."""


class HopefulCounters:
    """Counts as the toy does; notes how each group read, and can be held up after reading."""

    def __init__(self) -> None:
        self.ways: list[str] = []
        self.may_go_on = asyncio.Event()
        self.may_go_on.set()
        self.has_read = asyncio.Event()

    async def look(self, db: asyncpg.Connection, needs: Sequence[str]) -> Counters:
        return await self._read(db, LOOK, needs, "look")

    async def load(self, tx: asyncpg.Connection, needs: Sequence[str]) -> Counters:
        return await self._read(tx, f"{LOOK} FOR UPDATE", needs, "load")

    async def save(self, writes: Writes, state: Counters) -> None:
        changed = [(name, *values) for name, values in state.items()]
        writes.add(INSERT, [(name, value) for name, value, stored in changed if stored is None])
        writes.change(CHANGE, [it for it in changed if it[2] is not None])

    async def _read(
        self, db: asyncpg.Connection, query: str, needs: Sequence[str], way: str
    ) -> Counters:
        self.ways.append(way)
        rows = await db.fetch(query, sorted(set(needs)))
        self.has_read.set()
        if way == "look":
            await self.may_go_on.wait()
        return {row["name"]: (row["value"], row["value"]) for row in rows}


class Replica:
    def __init__(self, floor: Floor) -> None:
        self.database = Database(floor.database_url, application="hope")
        self.repository = HopefulCounters()
        self.published: list[Message] = []
        self.commits: GroupCommit[str, Counters] = GroupCommit(
            KeptConnection(self.database.engine),
            self.repository,
            publish=self.published.extend,
            metrics=Metrics().group_commit,
            refusals=(),
            limit=50,
            queue=100,
        )

    async def count(
        self, event: OrderPlaced, is_early: Callable[[Counters], bool] | None = None
    ) -> int:
        def decide(counters: Counters) -> Decision[int]:
            if event.customer_id == "bug":
                raise RuntimeError("bug")
            value, stored = counters.get(event.customer_id, (0, None))
            counters[event.customer_id] = (value + 1, stored)
            return Decision(value + 1, (said_of(event),))

        work = Work(event.customer_id, decide, consumed=event, is_early=is_early)
        return await self.commits.run(work)


@pytest.fixture
async def replicas(floor: Floor) -> AsyncIterator[tuple[Replica, Replica]]:
    both = Replica(floor), Replica(floor)
    for replica in both:
        replica.commits.start()
    yield both
    for replica in both:
        replica.repository.may_go_on.set()
        await replica.commits.stop()
        await replica.database.close()


def test_the_services_repositories_go_in_hope_where_they_can() -> None:
    from services.analytics.repository import TallyRepository
    from services.email.repository import MailRepository
    from services.inventory.repository import InventoryRepository
    from services.order.repository import OrderRepository
    from services.payment.repository import PaymentRepository

    hopeful = (OrderRepository(), PaymentRepository(), InventoryRepository())
    assert all(isinstance(it, HopefulRepository) for it in hopeful)
    assert not any(
        isinstance(it, HopefulRepository) for it in (MailRepository(), TallyRepository())
    )


async def test_alone_a_group_looks_once_and_locks_nothing(
    floor: Floor, replicas: tuple[Replica, Replica]
) -> None:
    replica, _ = replicas
    for value in (1, 2, 3):
        assert await replica.count(placed("ada")) == value
    assert replica.repository.ways == ["look"] * 3
    assert await floor.inbox() == await floor.unmarked() == len(replica.published) == 3


@pytest.mark.parametrize("is_there", [True, False], ids=["a row that is there", "a new row"])
async def test_a_lost_race_is_decided_again_on_what_the_other_wrote(
    floor: Floor, replicas: tuple[Replica, Replica], is_there: bool
) -> None:
    slow, quick = replicas
    before = await quick.count(placed("ada")) if is_there else 0
    slow.repository.may_go_on.clear()
    late = asyncio.create_task(slow.count(placed("ada")))
    await asyncio.wait_for(slow.repository.has_read.wait(), 5)
    assert await quick.count(placed("ada")) == before + 1
    slow.repository.may_go_on.set()
    assert await late == before + 2
    assert slow.repository.ways == ["look", "load"]
    assert await floor.counters() == {"ada": before + 2}
    assert await floor.inbox() == await floor.unmarked() == before + 2
    assert len(slow.published) == 1


async def lose_a_race(slow: Replica, quick: Replica) -> None:
    slow.repository.may_go_on.clear()
    slow.repository.has_read.clear()
    late = asyncio.create_task(slow.count(placed("ada")))
    await asyncio.wait_for(slow.repository.has_read.wait(), 5)
    await quick.count(placed("ada"))
    slow.repository.may_go_on.set()
    await late


async def test_after_a_lost_race_groups_lock_for_a_while(
    replicas: tuple[Replica, Replica],
) -> None:
    slow, quick = replicas
    slow.commits._careful_s = 60.0
    await lose_a_race(slow, quick)
    await slow.count(placed("bob"))
    assert slow.repository.ways == ["look", "load", "load"]
    slow.commits._careful_until = 0.0
    await slow.count(placed("bob"))
    assert slow.repository.ways[-1] == "look"


async def test_the_while_grows_as_long_as_hope_fails_and_no_longer(
    replicas: tuple[Replica, Replica],
) -> None:
    slow, quick = replicas
    for times in (2, 4, 8):
        slow.commits._careful_until = 0.0
        await lose_a_race(slow, quick)
        assert slow.commits._careful_s == times * CAREFUL_S
    slow.commits._careful_until = 0.0
    await slow.count(placed("bob"))
    assert slow.commits._careful_s == CAREFUL_S


async def test_a_repeat_and_a_bug_harm_no_neighbour(
    floor: Floor, replicas: tuple[Replica, Replica]
) -> None:
    replica, _ = replicas
    repeated = placed("ada")
    assert await replica.count(repeated) == 1
    found = await asyncio.gather(
        *map(replica.count, (repeated, placed("bug"), placed("bob"))), return_exceptions=True
    )
    assert [type(it) for it in found] == [AlreadyConsumed, RuntimeError, int]
    assert await floor.counters() == {"ada": 1, "bob": 1}
    assert await floor.inbox() == await floor.unmarked() == 2


async def test_two_replicas_that_compete_lose_nothing(
    floor: Floor, replicas: tuple[Replica, Replica]
) -> None:
    names = ["ada", "bob", "cid"]
    events = [placed(names[number % 3]) for number in range(300)]
    chosen = [replicas[number % 2] for number in range(300)]

    async def count_in_turn(part: int) -> None:
        for number in range(part, 300, 20):
            await chosen[number].count(events[number])

    await asyncio.gather(*map(count_in_turn, range(20)))
    assert await floor.counters() == dict.fromkeys(names, 100)
    assert await floor.inbox() == 300
    ways = [way for replica in replicas for way in replica.repository.ways]
    assert {"look", "load"} == set(ways)


def always(_counters: Counters) -> bool:
    return True


async def test_who_is_early_lets_two_groups_go_and_then_goes_all_the_same(
    floor: Floor, replicas: tuple[Replica, Replica]
) -> None:
    replica, _ = replicas
    ended: list[str] = []

    async def count(name: str, is_early: Callable[[Counters], bool] | None) -> int:
        value = await replica.count(placed(name), is_early)
        ended.append(name)
        return value

    counted = await asyncio.gather(count("ada", always), count("bob", None), count("ada", None))

    assert ended == ["bob", "ada", "ada"]
    assert tuple(counted) == (2, 1, 1)
    assert replica.repository.ways == ["look"] * 3
    assert await floor.counters() == {"ada": 2, "bob": 1}
    assert await floor.inbox() == await floor.unmarked() == len(replica.published) == 3


async def test_who_was_early_goes_as_soon_as_the_other_has_come(
    floor: Floor, replicas: tuple[Replica, Replica]
) -> None:
    replica, _ = replicas

    def is_early(counters: Counters) -> bool:
        return "ada" not in counters

    first, second = await asyncio.gather(
        replica.count(placed("ada"), is_early), replica.count(placed("ada"))
    )
    assert (first, second) == (2, 1)
    assert replica.repository.ways == ["look"] * 2


async def test_with_locks_nobody_is_early(floor: Floor, replicas: tuple[Replica, Replica]) -> None:
    slow, quick = replicas
    slow.commits._careful_s = 60.0
    slow.repository.may_go_on.clear()
    late = asyncio.create_task(slow.count(placed("ada")))
    await asyncio.wait_for(slow.repository.has_read.wait(), 5)
    await quick.count(placed("ada"))
    slow.repository.may_go_on.set()
    await late  # it lost the race, so for a while all go with locks
    assert await slow.count(placed("ada"), always) == 3
    assert slow.repository.ways == ["look", "load", "load"]


async def test_a_stop_waits_for_who_is_early(
    floor: Floor, replicas: tuple[Replica, Replica]
) -> None:
    replica, _ = replicas
    early = asyncio.create_task(replica.count(placed("ada"), always))
    await asyncio.sleep(0)
    await replica.commits.stop()
    assert await early == 1
    assert await floor.counters() == {"ada": 1}


async def test_a_group_that_went_without_anybody_proves_no_hope(
    floor: Floor, replicas: tuple[Replica, Replica]
) -> None:
    replica, _ = replicas
    replica.commits._careful_s = 0.5
    care: list[float] = []

    def is_early(_counters: Counters) -> bool:
        care.append(replica.commits._careful_s)
        return True

    await replica.count(placed("ada"), is_early)
    assert care == [0.5, 0.5]
    assert replica.commits._careful_s == CAREFUL_S
