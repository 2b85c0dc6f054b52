"""Death at an exact step of the pipeline."""

import asyncio
from collections.abc import Iterator
from itertools import cycle

from chaos.failpoints import switch
from chaos.failpoints.points import POINTS_OF
from chaos.faults.base import Fault
from chaos.stage import DidNotFireError, Stage
from shopctl import state_file
from shopctl.plan import service_of
from shopctl.processes import ended

ALL = [(service, point) for service, points in POINTS_OF.items() for point in points]
MOST_PASSAGES = 30
DIES_WITHIN_S = 30.0
ENOUGH = 20  # rounds, from which on every point has its turn


class FailPoint(Fault):
    name = "fail-points"
    does = f"SIGKILL before or after commit, publish, mark, call, ack: {len(ALL)} places"
    promise_s = 3.0
    launched = True

    def __init__(self) -> None:
        self._next: Iterator[tuple[str, str]] | None = None

    def rounds(self, asked: int) -> int:
        return max(asked, len(ALL)) if asked >= ENOUGH else asked

    async def strike(self, stage: Stage) -> int:
        if self._next is None:
            self._next = cycle(stage.chance.sample(ALL, k=len(ALL)))
        service, point = next(self._next)
        await die_at(stage, service, point, passage=stage.chance.randint(1, MOST_PASSAGES))
        return 1


class DeathAt(Fault):
    """Always the same point, of one service."""

    launched = True

    def __init__(self, service: str, point: str) -> None:
        self.name = f"{service}-dies-{point}"
        self.does = f"SIGKILL of {service} {point}"
        self._service = service
        self._point = point

    async def strike(self, stage: Stage) -> int:
        await die_at(stage, self._service, self._point, passage=stage.chance.randint(1, 5))
        return 1


async def die_at(stage: Stage, service: str, point: str, *, passage: int) -> None:
    """Have a replica die at that point, and bring it back; raises DidNotFireError."""
    part = stage.chance.choice(sorted(stage.replicas(service)))
    file = stage.arming / f"{service}.json"
    running = state_file.load(stage.stack.run_dir).running[part]
    switch.arm(file, running.pid, point=point, passage=passage)
    await ended([running], within_s=DIES_WITHIN_S)
    fired = switch.marker_of(file)
    told = fired.read_text() if fired.exists() else "no marker"
    await asyncio.sleep(stage.chance.uniform(0, 0.5))
    await stage.bring_back(part)
    stage.report(f"{service_of(part)} at {point} #{passage}")
    if told != f"{running.pid} {point}":
        raise DidNotFireError(f"{part} was to die at {point}: {told}")
