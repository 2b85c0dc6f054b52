"""Statements that travel together, on the real Postgres."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from shared.persistence.writes import Writes

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
