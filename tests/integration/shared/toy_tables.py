"""The tables of the toy service's database."""

import asyncpg

from shared.persistence.messaging_tables import FIRST, GROUPED

COUNTERS = "CREATE TABLE counters (name text PRIMARY KEY, value bigint NOT NULL)"


async def make_tables(url: str) -> None:
    """Make inbox, outbox and the toy's one table, unless they are there."""
    connection = await asyncpg.connect(url)
    if await connection.fetchval("SELECT to_regclass('counters')") is None:
        await connection.execute(";".join((*FIRST, *GROUPED, COUNTERS)))
    await connection.close()
