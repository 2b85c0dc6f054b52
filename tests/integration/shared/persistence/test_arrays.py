"""What we put on the wire for an array is what asyncpg and Postgres make of it."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from shared.clock import new_id, utc_now
from shared.persistence import arrays
from shared.persistence.database import Database, KeptConnection
from tests.integration.shared.shop_floor import Floor


class Colour(StrEnum):
    RED = "red"


SAMPLES: dict[str, list[Any]] = {
    "uuid": [new_id(), UUID(int=0), UUID(int=2**128 - 1), None],
    "text": ["", "a", "Grüße, \x01 \\ \" ' {}", "x" * 70_000, Colour.RED, None],
    "bytea": [b"", b"\x00\xff", None],
    "int4": [0, 1, -1, 2**31 - 1, -(2**31), None],
    "xid": [0, 1, 2**32 - 1, None],
    "int8": [0, 2**63 - 1, -(2**63), None],
    "bool": [True, False, None],
    "timestamptz": [
        utc_now(),
        datetime(1970, 1, 1, tzinfo=UTC),
        datetime(2000, 1, 1, tzinfo=UTC) - timedelta(microseconds=1),
        datetime(9999, 12, 31, tzinfo=UTC),
        datetime(2026, 3, 29, 2, 30, tzinfo=timezone(timedelta(hours=5, minutes=30))),
        None,
    ],
}


@pytest.fixture
async def plain(floor: Floor) -> AsyncIterator[asyncpg.Connection]:
    """asyncpg as it comes."""
    connection = await asyncpg.connect(floor.database_url)
    yield connection
    await connection.close()


@pytest.fixture
async def ours(floor: Floor) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(floor.database_url)
    arrays.install(connection)
    yield connection
    await connection.close()


def test_each_type_has_a_sample() -> None:
    assert {name.removeprefix("_") for name, *_ in arrays.ARRAYS} == set(SAMPLES)


@pytest.mark.parametrize("kind", SAMPLES)
async def test_postgres_reads_what_was_meant(
    plain: asyncpg.Connection, ours: asyncpg.Connection, kind: str
) -> None:
    query = f"SELECT it FROM unnest($1::{kind}[]) WITH ORDINALITY AS x (it, n) ORDER BY n"
    for values in (SAMPLES[kind], SAMPLES[kind][:1], tuple(SAMPLES[kind]), []):
        meant = await plain.fetch(query, values)
        assert [row[0] for row in meant] == [row[0] for row in await ours.fetch(query, values)]
        assert len(meant) == len(values)


@pytest.mark.parametrize("kind", SAMPLES)
async def test_what_postgres_sends_is_read(
    plain: asyncpg.Connection, ours: asyncpg.Connection, kind: str
) -> None:
    query = f"SELECT ARRAY(SELECT unnest($1::{kind}[])), $2::{kind}[], NULL::{kind}[]"
    values = SAMPLES[kind]
    assert await ours.fetchrow(query, values, []) == await plain.fetchrow(query, values, [])


@pytest.mark.parametrize(
    "texts",
    [["", "a", "x" * 127, Colour.RED], ["a", "x" * 128], ["a", "ü"], ["a", None], [""]],
    ids=["short", "long", "not ASCII", "NULL", "empty"],
)
async def test_texts_short_and_long(ours: asyncpg.Connection, texts: list[str | None]) -> None:
    assert await ours.fetchval("SELECT $1::text[]", texts) == texts


async def test_more_than_one_dimension_is_refused(ours: asyncpg.Connection) -> None:
    with pytest.raises(NotImplementedError):
        await ours.fetchval("SELECT ARRAY[[1, 2], [3, 4]]")


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("text", [1]),
        ("int4", [2**31]),
        ("int8", ["1"]),
        ("uuid", ["not one"]),
        ("timestamptz", [datetime(2026, 1, 1)]),  # noqa: DTZ001 - the point
    ],
)
async def test_what_does_not_fit_is_refused_and_harms_nothing(
    ours: asyncpg.Connection, kind: str, values: list[object]
) -> None:
    with pytest.raises(Exception, match=r"."):
        await ours.fetch(f"SELECT $1::{kind}[]", values)
    assert await ours.fetchval("SELECT 1") == 1


async def test_a_kept_connection_has_them(floor: Floor) -> None:
    opened = Database(floor.database_url, application="arrays")
    kept = KeptConnection(opened.engine)
    async with kept.transaction() as tx:
        assert await tx.fetchval("SELECT $1::uuid[]", [new_id()])
        with pytest.raises(NotImplementedError):  # as only ours says
            await tx.fetchval("SELECT ARRAY[[1, 2], [3, 4]]")
    await kept.close()
    await opened.close()
