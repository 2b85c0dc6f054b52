"""Processes that live and do not answer: SIGSTOP, SIGCONT."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import ClassVar

import psutil

from chaos.faults.base import Fault
from chaos.stage import DidNotFireError, Stage


class Hang(Fault):
    def __init__(self, part: str) -> None:
        self.part = part
        self.name = f"hung-{part}"
        self.does = f"SIGSTOP of {part}"
        # Orders wait while the provider's breaker is open: of its return nothing is promised.
        self.promise_s = None if part == "provider" else 5.0

    async def strike(self, stage: Stage) -> int:
        async with stopped(stage.process(self.part)):
            await asyncio.sleep(stage.pace.hang_s)
        return 1


class Zombie(Fault):
    name = "zombie"
    does = "SIGSTOP of a service beyond its ack wait, while a replica goes on"
    replicas: ClassVar[Mapping[str, int]] = {
        "order": 2, "payment": 2, "inventory": 2, "email": 2, "analytics": 2
    }  # fmt: skip

    async def strike(self, stage: Stage) -> int:
        part = stage.chance.choice(sorted(stage.replicas()))
        async with stopped(stage.process(part)):
            await asyncio.sleep(stage.pace.zombie_s)
        return 1


@asynccontextmanager
async def stopped(process: psutil.Process) -> AsyncIterator[None]:
    """Inside, the process and its children stand still; raises DidNotFireError if they did not."""
    process.suspend()  # first: it must bear no more children
    family = [process, *process.children(recursive=True)]
    try:
        for child in family[1:]:
            child.suspend()
        yield
        _check(family)
    finally:
        for member in family:
            member.resume()


def _check(family: Sequence[psutil.Process]) -> None:
    if moving := [it.pid for it in family if it.status() != psutil.STATUS_STOPPED]:
        raise DidNotFireError(f"stopped, and yet moving: {moving}")
