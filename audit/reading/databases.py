"""The services' databases, as an outside observer sees them: read only, each at one moment."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

import asyncpg

from audit.stack import StackError

CONNECT_S = 5.0
PAGE = 5000

Snapshot: TypeAlias = asyncpg.Connection  # within a transaction


@asynccontextmanager
async def connected(url: str, name: str) -> AsyncIterator[asyncpg.Connection]:
    """Open a connection that cannot write. Raises StackError."""
    try:
        connection = await asyncpg.connect(
            url,
            timeout=CONNECT_S,
            server_settings={
                "application_name": "audit",
                "default_transaction_read_only": "on",
                "timezone": "UTC",
            },
        )
    except (OSError, TimeoutError, asyncpg.PostgresError) as error:
        raise StackError(f"the database of {name} does not answer: {error}") from error
    try:
        yield connection
    finally:
        await connection.close(timeout=CONNECT_S)


@asynccontextmanager
async def snapshot(url: str, name: str) -> AsyncIterator[Snapshot]:
    """Open a connection whose statements all see the same moment. Raises StackError."""
    async with (
        connected(url, name) as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        yield connection


async def pages(
    tx: Snapshot, statement: str, *parameters: object, size: int = PAGE
) -> AsyncIterator[list[tuple[Any, ...]]]:
    """Yield a statement's rows by the page, through a cursor of the server's."""
    cursor = await tx.cursor(statement, *parameters)
    while rows := await cursor.fetch(size):
        yield [tuple(row) for row in rows]
