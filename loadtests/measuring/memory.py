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
MIB = 1 << 20

Reading = Mapping[str, float]
"""Process → MiB."""


@dataclass(slots=True)
class Memory:
    """The readings of one run, each with its time."""

    readings: list[tuple[float, Reading]] = field(default_factory=list)

    @property
    def peak(self) -> dict[str, float]:
        """Return the largest reading of each process; they need not be of one moment."""
        names = dict.fromkeys(name for _, reading in self.readings for name in reading)
        return {name: max(it.get(name, 0.0) for _, it in self.readings) for name in names}

    @property
    def peak_total(self) -> float:
        return max((sum(reading.values()) for _, reading in self.readings), default=0.0)

    @property
    def ends(self) -> tuple[float, float]:
        """Return the mean totals of the first and the last tenth: a leak makes them differ."""
        totals = [sum(reading.values()) for _, reading in self.readings]
        tenth = max(1, len(totals) // 10)
        return mean(totals[:tenth]), mean(totals[-tenth:])


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
