"""Memory while a load runs: what is shared between processes is counted once (PSS)."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from statistics import mean
from time import time

import psutil

from loadtests.measuring.cpu import POSTGRES, pids
from shopctl.stack_file import StackFile

EVERY_S = 1.0
TENTHS = 10
MIB = 1 << 20

Reading = Mapping[str, float]
"""Process → MiB."""


@dataclass(slots=True)
class Memory:
    """The readings of one run, each with its time."""

    readings: list[tuple[float, Reading]] = field(default_factory=list)

    @property
    def peak(self) -> float:
        """The most that all had at one moment."""
        return max((sum(reading.values()) for _, reading in self.readings), default=0.0)

    @property
    def tenths(self) -> dict[str, list[float]]:
        """Return each process's mean in each tenth of the run: what leaks makes them rise."""
        readings = [reading for _, reading in self.readings]
        size = max(1, len(readings) // TENTHS)
        names = dict.fromkeys(name for reading in readings for name in reading)
        parts = [readings[n * size : (n + 1) * size] for n in range(TENTHS - 1)]
        parts.append(readings[(TENTHS - 1) * size :])  # and what is left over
        return {
            name: [mean(it.get(name, 0.0) for it in part) for part in parts if part]
            for name in names
        }


@asynccontextmanager
async def watched(stack: StackFile) -> AsyncIterator[Memory]:
    memory = Memory()
    watching = asyncio.create_task(_watch(stack, memory))
    try:
        yield memory
    finally:
        memory.readings.append((time(), read(stack)))
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)


def read(stack: StackFile) -> Reading:
    """Read the shop and its servers; not the world outside."""
    ours = {name: pid for name, pid in pids(stack).items() if name not in {"provider", "mail"}}
    found = {name: _mib(psutil.Process(pid)) for name, pid in ours.items()}
    postmaster = psutil.Process(stack.postgres.pid)
    family = [postmaster, *postmaster.children()]
    return found | {POSTGRES: sum(map(_mib, family))}


async def _watch(stack: StackFile, memory: Memory) -> None:
    while True:
        memory.readings.append((time(), await asyncio.to_thread(read, stack)))
        await asyncio.sleep(EVERY_S)


def _mib(process: psutil.Process) -> float:
    with suppress(psutil.NoSuchProcess):
        full = process.memory_full_info()
        return float(getattr(full, "pss", full.uss)) / MIB
    return 0.0
