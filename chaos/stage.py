"""What a fault gets to work with: a stack under load, a seeded chance, and the time line."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import aiohttp
import psutil

from chaos.client import Client
from chaos.failpoints import switch
from chaos.history import Outcome, Purchase
from chaos.load import Load
from shopctl import state_file
from shopctl.plan import service_of
from shopctl.stack import Stack


class DidNotFireError(Exception):
    """The fault did not really happen, so what was seen proves nothing."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How long things take in a campaign, seconds."""

    gap_s: tuple[float, float] = (0.5, 3.0)  # of quiet before a strike
    hold_s: float = 5.0  # a fault that is switched on and off
    hang_s: float = 30.0
    zombie_s: float = 12.0  # beyond the ack wait of 10
    delay_s: float = 30.0  # the provider's late answer

    @classmethod
    def quick(cls) -> "Pace":
        return cls(gap_s=(0.3, 1.0), hold_s=2.0, hang_s=4.0, delay_s=4.0)


@dataclass(frozen=True, slots=True)
class Mark:
    """Something on the time line, from when to when, seconds of the loop's clock."""

    name: str
    begun_at: float
    ended_at: float


@dataclass(slots=True)
class Stage:
    stack: Stack
    client: Client
    load: Load
    chance: Random
    pace: Pace
    http: aiohttp.ClientSession
    report: Callable[[str], None]
    marks: list[Mark] = field(default_factory=list)
    findings: list[str] = field(default_factory=list)
    """What a fault itself saw that must not be."""

    @property
    def arming(self) -> Path:
        return arming(self.stack.run_dir.path)

    def pid(self, part: str) -> int:
        return state_file.load(self.stack.run_dir).running[part].pid

    def process(self, part: str) -> psutil.Process:
        return psutil.Process(self.pid(part))

    def replicas(self, service: str | None = None) -> list[str]:
        """Return the parts that are services, like order-1; of one service if it is named."""
        parts = state_file.load(self.stack.run_dir).running
        return [it for it in parts if service_of(it) and service in (None, service_of(it))]

    async def quiet(self) -> None:
        """Wait for the next moment, which the seed chooses."""
        await asyncio.sleep(self.chance.uniform(*self.pace.gap_s))

    async def kill(self, part: str) -> None:
        """SIGKILL; raises DidNotFireError if it lives on."""
        process = self.process(part)
        await self.stack.kill(part)
        with suppress(psutil.NoSuchProcess):
            if process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
                raise DidNotFireError(f"{part} ({process.pid}) was killed and lives")

    async def bring_back(self, part: str) -> None:
        """Start it again; raises DidNotFireError if it is the same process."""
        before = self.pid(part)
        await self.stack.restart(part)
        if self.pid(part) == before:
            raise DidNotFireError(f"{part} has the same pid {before} as before")

    def plant(self, service: str, customer: str | None) -> None:
        """Have the service's handlers fail at this customer's events; None: no longer."""
        for part in self.replicas(service):
            switch.plant(self.arming / f"{service}.json", self.pid(part), customer=customer)

    async def status_of(self, purchase: Purchase) -> str:
        """Return the order's status, "" if it cannot be read."""
        if purchase.outcome is not Outcome.OK:
            return ""
        order = await self.client.read("order", f"/orders/{purchase.order_id}")
        return str(order["status"]) if order else ""


def arming(run_dir: Path) -> Path:
    """Return the folder where fail-points are armed, one file a service."""
    return run_dir / "failpoints"
