"""Shows what happens while it happens: live on a terminal, a line now and then elsewhere."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import httpx
from rich.console import Console
from rich.live import Live

from shopctl.demo.observer import Observer
from shopctl.demo.selling import Sales
from shopctl.demo.view import Scene, line, picture
from shopctl.lag import Lag, read_lag
from shopctl.shop import Shop

PICTURE_EVERY_S = 0.15
LINE_EVERY_S = 2.0
SPEED_OVER_S = 2.0


class Screen:
    def __init__(self, console: Console, shop: Shop, observer: Observer, sales: Sales) -> None:
        self.doing = "Selling"
        self._console = console
        self._shop = shop
        self._observer = observer
        self._sales = sales
        self._lag: Lag = {}
        self._counts: deque[tuple[float, int]] = deque()
        self._began = asyncio.get_running_loop().time()

    @asynccontextmanager
    async def shown(self) -> AsyncIterator[None]:
        showing = asyncio.create_task(self._live() if self._console.is_terminal else self._lines())
        try:
            yield
            await self._scene()  # so that the last picture is of the end
        finally:
            showing.cancel()
            with suppress(asyncio.CancelledError):
                await showing

    async def _live(self) -> None:
        console = self._console
        with Live(console=console, auto_refresh=False, transient=False) as live:
            try:
                while True:
                    live.update(picture(await self._scene(), width=console.width), refresh=True)
                    await asyncio.sleep(PICTURE_EVERY_S)
            finally:
                live.update(picture(self._now(), width=console.width), refresh=True)

    async def _lines(self) -> None:
        try:
            while True:
                await asyncio.sleep(LINE_EVERY_S)
                self._console.print(line(await self._scene()))
        finally:
            self._console.print(line(self._now()))

    async def _scene(self) -> Scene:
        with suppress(httpx.HTTPError):  # it shows what it last knew
            self._lag = await read_lag(self._shop)
        return self._now()

    def _now(self) -> Scene:
        seconds = asyncio.get_running_loop().time() - self._began
        return Scene(
            doing=self.doing,
            seconds=seconds,
            wanted=self._sales.wanted,
            placed=len(self._sales.placed),
            per_second=self._speed(seconds),
            courses=self._observer.courses,
            latencies_s=self._observer.latencies_s,
            lag=self._lag,
        )

    def _speed(self, seconds: float) -> float:
        """Orders a second, of the last two."""
        placed = len(self._sales.placed)
        self._counts.append((seconds, placed))
        while self._counts[0][0] < seconds - SPEED_OVER_S:
            self._counts.popleft()
        since, before = self._counts[0]
        return (placed - before) / (seconds - since) if seconds > since else 0.0
