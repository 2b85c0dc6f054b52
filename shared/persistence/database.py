"""One service's Postgres: an engine for reading, and a kept connection for writing in groups."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from time import monotonic
from typing import cast

import asyncpg
from sqlalchemy import URL, make_url, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoneFree
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.errors import DependencyDown, Overloaded
from shared.persistence import arrays

COMMAND_TIMEOUT_S = 5.0
CONNECT_TIMEOUT_S = 3.0
CLOSE_TIMEOUT_S = 1.0

# Every statement finds its rows by an index. Plans are kept, and a plan made while the tables were
# empty would read them whole until the next ANALYZE, by when there may be thousands of rows.
PLANNING = {
    "jit": "off",  # compiling short statements costs more than it saves
    "enable_seqscan": "off",
}

# The groups' statements take arrays of keys: one plan fits any length, and is made once.
GROUP_PLANNING = """
SET plan_cache_mode = force_generic_plan;
SET enable_hashjoin = off;
SET enable_mergejoin = off;
"""

# Between transactions a session tells how many rows it changed: only so autovacuum learns that
# there is something to do. One that chains its transactions tells nothing until it ends.
COUNTS_EVERY_S = 30.0

# What asyncpg raises when the server is away, starting, stopping or hung, as opposed to when it
# refuses what it was asked. `InterfaceError` is "the connection is closed"; `InternalClientError`
# comes where the server has said farewell and the connection is not closed yet.
OUTAGES = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
)


def is_outage(error: BaseException | None) -> bool:
    """Tell whether an error means "Postgres is away", looking through SQLAlchemy's wrappers."""
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    while error is not None:
        if isinstance(error, OUTAGES):
            return True
        error = error.__cause__
    return False


class Database:
    """A service's own database; nobody else opens it. `url` is `postgresql://user:pw@host/db`."""

    def __init__(self, url: str, *, application: str, pool_size: int = 5) -> None:
        self.engine: AsyncEngine = create_async_engine(
            asyncpg_url(url),
            pool_size=pool_size,
            max_overflow=0,
            # Reads are single statements: BEGIN and ROLLBACK around each would double its trips.
            isolation_level="AUTOCOMMIT",
            pool_timeout=CONNECT_TIMEOUT_S,
            pool_use_lifo=True,
            # Else the first read after an outage, however long after it, would get a dead one.
            pool_pre_ping=True,
            connect_args={
                "timeout": CONNECT_TIMEOUT_S,
                "command_timeout": COMMAND_TIMEOUT_S,
                "server_settings": {"application_name": application, **PLANNING},
            },
        )

    @asynccontextmanager
    async def session(self) -> AsyncIterator[AsyncSession]:
        """Open a session for reading.

        Raises:
            DependencyDown: Postgres is away.
            Overloaded: all connections are taken, and none came free in time.
        """
        try:
            async with AsyncSession(self.engine, expire_on_commit=False) as session:
                yield session
        except NoneFree as error:
            raise Overloaded("database pool") from error
        except Exception as error:
            if is_outage(error):
                raise DependencyDown("postgres", type(error).__name__) from error
            raise

    async def ping(self) -> None:
        """Raise unless the database answers."""
        async with self.session() as session:
            await (await session.connection()).execute(text("SELECT 1"))

    async def close(self) -> None:
        """Say goodbye on each connection; a server that hangs is not waited for."""
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_TIMEOUT_S):
                await self.engine.dispose()


def asyncpg_url(url: str) -> URL:
    """Return the URL with the driver named, as SQLAlchemy wants it."""
    return make_url(url).set(drivername="postgresql+asyncpg")


class KeptConnection:
    """One asyncpg connection, checked out once and kept: group commits follow one another on it.

    It goes past SQLAlchemy's execution layer on purpose: a set-based statement costs a third
    (docs/explanation/performance.md). The engine still owns it: URL, time limits, pool.
    """

    def __init__(self, engine: AsyncEngine, *, synchronous_commit: bool = True) -> None:
        self._engine = engine
        self._synchronous_commit = synchronous_commit
        self._held: AsyncConnection | None = None
        self._driver: asyncpg.Connection | None = None

    @asynccontextmanager
    async def statements(self) -> AsyncIterator[asyncpg.Connection]:
        """Let the body run statements, each of which is a transaction of its own.

        Raises:
            DependencyDown: Postgres is away; the last statement's outcome may be unknown.
        """
        try:
            yield await self._open()
        except BaseException as error:
            is_away = is_outage(error)
            if is_away or not isinstance(error, Exception) or self._is_closed:
                await self._discard()
            if is_away or isinstance(error, NoneFree):
                raise DependencyDown("postgres", type(error).__name__) from error
            raise

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[asyncpg.Connection]:
        """Run the body in a transaction; commit, or roll back if it raises.

        Raises:
            DependencyDown: Postgres is away; the transaction's outcome may be unknown.
        """
        async with self.statements() as connection:
            await connection.execute("BEGIN")
            try:
                yield connection
                await connection.execute("COMMIT")
            except Exception as error:
                if not is_outage(error):
                    await connection.execute("ROLLBACK")
                raise

    async def close(self) -> None:
        """Say goodbye; a server that hangs is not waited for."""
        if self._driver is not None and not self._is_closed:
            with suppress(*OUTAGES):
                await self._driver.close(timeout=CLOSE_TIMEOUT_S)
        await self._discard()

    async def _open(self) -> asyncpg.Connection:
        if self._driver is not None and not self._is_closed:
            return self._driver
        await self._discard()
        self._held = await self._engine.connect()
        raw = await self._held.get_raw_connection()
        driver = cast("asyncpg.Connection", raw.driver_connection)
        arrays.install(driver)
        await driver.execute(GROUP_PLANNING)
        if not self._synchronous_commit:
            await driver.execute("SET synchronous_commit = off")
        self._driver = driver
        return driver

    @property
    def _is_closed(self) -> bool:
        return self._driver is None or self._driver.is_closed()

    async def _discard(self) -> None:
        held, driver = self._held, self._driver
        self._held = self._driver = None
        if driver is not None and not driver.is_closed():
            driver.terminate()
        if held is not None:
            await held.invalidate()
            await held.close()


class ChainedConnection(KeptConnection):
    """One whose transactions each begin with the end of the one before, which saves a trip.

    A transaction holds nothing until its first statement; but `now()` in it may be old.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        super().__init__(engine)
        self._begun_on: asyncpg.Connection | None = None
        self._counts_due = 0.0

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[asyncpg.Connection]:
        """As in KeptConnection."""
        async with self.statements() as connection:
            if connection is not self._begun_on:
                await connection.execute("BEGIN")
                self._begun_on = connection
                self._counts_due = monotonic() + COUNTS_EVERY_S
            try:
                yield connection
                await self._commit(connection)
            except Exception as error:
                if not is_outage(error):
                    await connection.execute("ROLLBACK AND CHAIN")
                raise

    async def _commit(self, connection: asyncpg.Connection) -> None:
        if monotonic() < self._counts_due:
            await connection.execute("COMMIT AND CHAIN")
        else:
            await connection.execute("COMMIT")
            self._begun_on = None
