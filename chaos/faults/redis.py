"""Redis forgets everything."""

from typing import ClassVar

from redis.asyncio import Redis

from chaos.faults.base import Fault
from chaos.stage import DidNotFireError, Stage

CANARY = "chaos:canary"


class RedisFlush(Fault):
    name = "redis-flush"
    does = "FLUSHALL"
    promise_s = 3.0
    repeats_mails: ClassVar[bool] = False

    async def strike(self, stage: Stage) -> int:
        redis = Redis.from_url(stage.stack.file.redis.url)
        try:
            await redis.set(CANARY, "sings")
            await redis.flushall()
            if await redis.exists(CANARY):
                raise DidNotFireError("Redis remembers what was before FLUSHALL")
        finally:
            await redis.aclose()
        return 1
