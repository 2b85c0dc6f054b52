"""Statements that travel together, on the real Postgres."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from shared.persistence.writes import LostRace, Writes

ADD = "INSERT INTO pairs (name, value) SELECT * FROM unnest($1::text[], $2::int[])"
RAISE = """
UPDATE pairs SET value = pairs.value + more.value
FROM unnest($1::text[], $2::int[]) AS more (name, value) WHERE pairs.name = more.name
"""
DROP = "DELETE FROM pairs WHERE name = ANY($1::text[]) RETURNING value"


@pytest.fixture
async def tx(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection with a table of its own: ada 1, bob 2."""
    connection = await asyncpg.connect(database_url)
    await connection.execute("CREATE TEMPORARY TABLE pairs (name text PRIMARY KEY, value int)")
    await connection.execute("INSERT INTO pairs VALUES ('ada', 1), ('bob', 2)")
    yield connection
    await connection.close()


async def pairs(tx: asyncpg.Connection) -> dict[str, int]:
    rows = await tx.fetch("SELECT name, value FROM pairs")
    return {row["name"]: row["value"] for row in rows}


async def test_all_that_is_added_is_written_once(tx: asyncpg.Connection) -> None:
    writes = Writes(tx)
    writes.add(ADD, [("cid", 3), ("dan", 4)])
    writes.add(RAISE, [("ada", 10)])
    writes.add(DROP, [("bob",)])
    assert await pairs(tx) == {"ada": 1, "bob": 2}

    await writes.send()
    await writes.send()

    assert await pairs(tx) == {"ada": 11, "cid": 3, "dan": 4}


async def test_without_rows_nothing_is_sent(tx: asyncpg.Connection) -> None:
    writes = Writes(tx)
    writes.add("no SQL at all", [])

    assert await writes.at_once("neither", []) == []
    await writes.send()


async def test_what_cannot_wait_answers_at_once(tx: asyncpg.Connection) -> None:
    writes = Writes(tx)
    writes.add(ADD, [("cid", 3)])

    assert [row["value"] for row in await writes.at_once(DROP, [("bob",)])] == [2]
    assert await pairs(tx) == {"ada": 1}


async def test_one_that_fails_takes_the_others_back(tx: asyncpg.Connection) -> None:
    writes = Writes(tx)
    writes.add(RAISE, [("ada", 10)])
    writes.add(ADD, [("bob", 3)])

    with pytest.raises(asyncpg.UniqueViolationError):
        await writes.send()

    assert await pairs(tx) == {"ada": 1, "bob": 2}


@pytest.mark.parametrize("others", [0, 1])
async def test_what_is_changed_has_to_be_there_as_it_was_read(
    tx: asyncpg.Connection, others: int
) -> None:
    """Where it is not, nothing is written, also outside a transaction."""
    change = """
    UPDATE pairs SET value = now.value
    FROM (SELECT unnest($1::text[]) AS name, unnest($2::int[]) AS value,
        unnest($3::xid[]) AS row_version) AS now
    WHERE pairs.name = now.name AND pairs.xmin = now.row_version
    """
    read = {row["name"]: row["xmin"] for row in await tx.fetch("SELECT name, xmin FROM pairs")}
    for value, expected in ((7, None), (8, LostRace)):  # the second comes with what the first read
        writes = Writes(tx)
        writes.add(ADD, [(f"new {value} {number}", 1) for number in range(others)])
        writes.change(change, [(name, value, read[name]) for name in ("ada", "bob")])
        if expected is None:
            await writes.send()
        else:
            with pytest.raises(expected):
                await writes.send()
    news = {f"new 7 {number}": 1 for number in range(others)}
    assert await pairs(tx) == {"ada": 7, "bob": 7} | news


@pytest.mark.parametrize("is_changed", [False, True])
async def test_who_asks_is_told_what_version_the_rows_have_now(
    tx: asyncpg.Connection, *, is_changed: bool
) -> None:
    """So that they can be changed once more without being read in between."""
    change = """
    UPDATE pairs SET value = now.value
    FROM (SELECT unnest($1::text[]) AS name, unnest($2::int[]) AS value) AS now
    WHERE pairs.name = now.name
    """
    told: list[int] = []
    writes = Writes(tx)
    writes.add(ADD, [("cid", 3)])
    if is_changed:
        writes.change(change, [("ada", 9)])
    writes.when_sent(told.append)
    await writes.send()

    versions = {row["name"]: row["xmin"] for row in await tx.fetch("SELECT name, xmin FROM pairs")}
    assert told == [versions["cid"]]
    assert (versions["ada"] in told) is is_changed
    assert versions["bob"] not in told
