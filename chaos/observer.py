"""Looks at the shop twice a second while a run goes on, for the time line."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass

import aiohttp
import asyncpg

from chaos.history import History
from shopctl.lag import PATH, by_durable
from shopctl.stack_file import StackFile

LOOK_EVERY_S = 0.5
ANSWER_WITHIN_S = 1.0
CONFIRMED = "SELECT count(*) FROM order_events WHERE event_type = 'OrderConfirmed'"
AWAY = (
    OSError,
    TimeoutError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # a killed server's last words, cut short
)


@dataclass(frozen=True, slots=True)
class Sample:
    """Totals at a moment of the loop's clock; None: it could not be asked."""

    at: float
    accepted: int
    confirmed: int | None
    lag: int | None


class Observer:
    def __init__(self, stack: StackFile, history: History, http: aiohttp.ClientSession) -> None:
        self.samples: list[Sample] = []
        self._stack = stack
        self._history = history
        self._http = http
        self._connection: asyncpg.Connection | None = None

    async def watch(self) -> None:
        """Take samples, for ever."""
        loop = asyncio.get_running_loop()
        try:
            while True:
                at = loop.time()
                confirmed, lag = await asyncio.gather(self._confirmed(), self._lag())
                accepted = len(self._history.ok)
                self.samples.append(Sample(at, accepted, confirmed, lag))
                await asyncio.sleep(LOOK_EVERY_S)
        finally:
            if self._connection is not None:
                self._connection.terminate()

    async def _confirmed(self) -> int | None:
        try:
            async with asyncio.timeout(ANSWER_WITHIN_S):
                if self._connection is None or self._connection.is_closed():
                    url = self._stack.postgres.databases["order"]
                    self._connection = await asyncpg.connect(url)
                return int(await self._connection.fetchval(CONFIRMED))
        except AWAY:
            if self._connection is not None:
                self._connection.terminate()
            self._connection = None
            return None

    async def _lag(self) -> int | None:
        """Return what is not acknowledged, over all consumer groups."""
        with suppress(aiohttp.ClientError, TimeoutError, ValueError):
            async with asyncio.timeout(ANSWER_WITHIN_S):
                url = f"{self._stack.nats.monitor}{PATH}"
                async with self._http.get(url) as answer:
                    return sum(by_durable(await answer.json()).values())
        return None
