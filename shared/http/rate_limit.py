"""So many requests per caller and window: counted here, added up in Redis over all replicas.

A request is decided on what this process knows, without a wait: a Redis call for each would cost
as much as taking the order. At most ten times a second the process tells Redis what it counted and
hears what all replicas have. So a limit may be overrun by what arrives in a tenth of a second, and
with Redis away there is none.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from time import time

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

log = structlog.get_logger(__name__)

SYNC_EVERY_S = 0.1

# One command for all callers: two for each cost more than the rest of taking an order's request.
ADD = """
local totals = {}
for i, key in ipairs(KEYS) do
    totals[i] = redis.call('INCRBY', key, ARGV[i + 1])
    redis.call('EXPIRE', key, ARGV[1])
end
return totals
"""


@dataclass(frozen=True, slots=True)
class Exceeded:
    """A refusal: the limit, and when the next window begins (seconds)."""

    limit: int
    reset_s: int

    @property
    def headers(self) -> dict[str, str]:
        return {
            "RateLimit-Limit": str(self.limit),
            "RateLimit-Remaining": "0",
            "RateLimit-Reset": str(self.reset_s),
            "Retry-After": str(self.reset_s),
        }


class RateLimit:
    """Fixed windows of `window_s` seconds by the wall clock, `limit` requests in each."""

    def __init__(
        self,
        redis: Redis,
        name: str,
        *,
        limit: int,
        window_s: int,
        now: Callable[[], float] = time,
    ) -> None:
        self._add = redis.register_script(ADD)
        self._name = name
        self._limit = limit
        self._window_s = window_s
        self._now = now
        self._window = 0
        self._untold: dict[str, int] = {}
        self._counted = asyncio.Event()
        self._total: dict[str, int] = {}
        self._away = False

    def take(self, caller: str) -> Exceeded | None:
        """Count one request; return the refusal if it is one too many."""
        self._turn_over()
        untold = self._untold.get(caller, 0)
        if not self._away and self._total.get(caller, 0) + untold >= self._limit:
            return Exceeded(self._limit, self._reset_s())
        self._untold[caller] = untold + 1
        self._counted.set()
        return None

    async def keep_in_step(self) -> None:
        """Sync, as soon as there is something to tell."""
        await self._counted.wait()
        await self.sync()

    async def sync(self) -> None:
        """Tell Redis what was counted, and take over what all replicas have together."""
        self._turn_over()
        self._counted.clear()
        if not self._untold:
            return
        window, told, self._untold = self._window, self._untold, {}
        for caller, count in told.items():  # known at once; Redis's answer replaces it
            self._total[caller] = self._total.get(caller, 0) + count
        try:
            totals = await self._add_up(window, told)
        except (RedisError, OSError, TimeoutError) as error:
            if not self._away:
                log.warning("rate_limit.redis_away", error=repr(error))
            self._away = True
            return
        self._away = False
        if window == self._window:
            self._total.update(totals)

    async def _add_up(self, window: int, told: dict[str, int]) -> dict[str, int]:
        keys = [f"rate:{self._name}:{window}:{caller}" for caller in told]
        totals = await self._add(keys=keys, args=[2 * self._window_s, *told.values()])
        return dict(zip(told, totals, strict=True))

    def _turn_over(self) -> None:
        window = int(self._now() // self._window_s)
        if window != self._window:
            self._window = window
            self._untold.clear()
            self._total.clear()

    def _reset_s(self) -> int:
        return max(1, round((self._window + 1) * self._window_s - self._now()))
