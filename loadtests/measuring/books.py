"""Whether everything that was ordered has been done, seen from outside the services.

The connections are the benchmark's own; what their backends do is not the shop's cost.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from time import time

import aiohttp
import asyncpg

from loadtests.measuring.systems import BenchError
from shopctl.stack_file import StackFile

LOOK_EVERY_S = 0.1
MARKS_S = 0.4  # outbox marks and the last acknowledgements come a little after the effect

COUNTED = """
SELECT coalesce(sum(events), 0)::bigint FROM event_counts
WHERE event_type IN ('OrderConfirmed', 'OrderCancelled')
"""
HELD = "SELECT count(*) FROM reservations WHERE state = 'RESERVED'"


@dataclass(frozen=True, slots=True)
class Done:
    """Totals since the shop came up."""

    mailed: int
    counted: int
    held: int
    """Orders whose goods are neither sold nor given back."""


class Books:
    def __init__(
        self,
        stack: StackFile,
        http: aiohttp.ClientSession,
        analytics: asyncpg.Connection,
        inventory: asyncpg.Connection,
    ) -> None:
        self._stack = stack
        self._http = http
        self._analytics = analytics
        self._inventory = inventory

    @classmethod
    @asynccontextmanager
    async def opened(cls, stack: StackFile, http: aiohttp.ClientSession) -> AsyncIterator["Books"]:
        async with AsyncExitStack() as opened:
            databases = []
            for service in ("analytics", "inventory"):
                url = stack.postgres.databases[service]
                connection = await asyncpg.connect(
                    url, server_settings={"application_name": "bench"}
                )
                opened.push_async_callback(connection.close)
                databases.append(connection)
            yield cls(stack, http, *databases)

    @property
    def backends(self) -> frozenset[int]:
        """The Postgres processes that work for us."""
        return frozenset(it.get_server_pid() for it in (self._analytics, self._inventory))

    async def look(self) -> Done:
        url = f"{self._stack.mail.url}/api/v1/messages?limit=1"
        async with self._http.get(url) as answer:
            mailed = int((await answer.json())["total"])
        counted = await self._analytics.fetchval(COUNTED)
        return Done(mailed, counted, await self._inventory.fetchval(HELD))

    async def done_since(self, before: Done, orders: int, *, within_s: float) -> float:
        """Return when all was mailed, sold and counted; raises BenchError if it never is."""
        deadline = time() + within_s
        while True:
            now = await self.look()
            mailed, counted = now.mailed - before.mailed, now.counted - before.counted
            if mailed >= orders and counted >= orders and not now.held:
                done_at = time()
                await asyncio.sleep(MARKS_S)
                return done_at
            if time() > deadline:
                raise BenchError(
                    f"of {orders} orders {mailed} were mailed and {counted} counted, "
                    f"{now.held} are held, after {within_s:.0f} s"
                )
            await asyncio.sleep(LOOK_EVERY_S)

    async def mails(self, newest: int) -> dict[str, float]:
        """Return when the newest mails came in: address → time."""
        url = f"{self._stack.mail.url}/api/v1/messages?limit={newest}"
        async with self._http.get(url, timeout=aiohttp.ClientTimeout(total=120)) as answer:
            messages = (await answer.json())["messages"]
        return {it["To"][0]["Address"]: _seconds(it["Created"]) for it in messages}


def _seconds(moment: str) -> float:
    return datetime.fromisoformat(moment).timestamp()
