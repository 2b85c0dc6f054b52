"""Processes that die, at any moment."""

import asyncio

from chaos.faults.base import Fault
from chaos.stage import Stage

DEAD_AT_MOST_S = 1.0


class ServiceKill(Fault):
    name = "service-kill"
    does = "kill -9 of a service, any of them"
    promise_s = 3.0

    async def strike(self, stage: Stage) -> int:
        part = stage.chance.choice(sorted(stage.replicas()))
        return await _kill(stage, part)


class ServerKill(Fault):
    """One of the servers below the services."""

    def __init__(self, part: str, *, promise_s: float) -> None:
        self.part = part
        self.name = f"{part}-kill"
        self.does = f"kill -9 of {part}, restart on the same data"
        self.promise_s = promise_s

    async def strike(self, stage: Stage) -> int:
        return await _kill(stage, self.part)


async def _kill(stage: Stage, part: str) -> int:
    await stage.kill(part)
    await asyncio.sleep(stage.chance.uniform(0, DEAD_AT_MOST_S))
    await stage.bring_back(part)
    return 1
