"""What each part of a stack is doing."""

import asyncio
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum

import psutil

from shopctl.processes import Running, process_of
from shopctl.readiness import is_ready
from shopctl.run_dir import RunDir
from shopctl.state_file import load


class Condition(StrEnum):
    READY = "ready"
    NOT_READY = "not ready"
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class PartStatus:
    name: str
    condition: Condition
    pid: int
    address: str
    up_s: float
    memory_bytes: int  # with its children, what they share counted once


async def status(run_dir: RunDir) -> list[PartStatus]:
    """All parts, by name; raises NotUpError."""
    running = load(run_dir).running.values()
    found = await asyncio.gather(*(_status(each) for each in running))
    return sorted(found, key=lambda part: part.name)


async def _status(running: Running) -> PartStatus:
    ready = await is_ready(running)
    process = process_of(running)
    urls = running.program.urls
    return PartStatus(
        name=running.name,
        condition=_condition(process, ready=ready),
        pid=running.pid,
        address=urls.get("url") or urls["address"],
        up_s=time.time() - process.create_time() if process else 0.0,
        memory_bytes=_memory([process, *process.children(recursive=True)] if process else []),
    )


def _condition(process: psutil.Process | None, *, ready: bool) -> Condition:
    if process is None:
        return Condition.DEAD
    return Condition.READY if ready else Condition.NOT_READY


def _memory(family: Iterable[psutil.Process]) -> int:
    total = 0
    for process in family:
        with suppress(psutil.Error):
            memory = process.memory_full_info()
            total += getattr(memory, "pss", memory.uss)  # only Linux knows the proportional share
    return total
