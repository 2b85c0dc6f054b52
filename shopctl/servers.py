"""The three servers alone, for tests that need nothing else: Postgres, NATS, Redis (Valkey)."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from shopctl import nats, postgres, stack, valkey
from shopctl.interrupts import all_like_ctrl_c, undisturbed
from shopctl.plan import Plan
from shopctl.ports import Ports
from shopctl.processes import Running
from shopctl.run_dir import RunDir
from shopctl.startup import start_servers
from shopctl.state_file import load
from shopctl.supervisor import Supervisor


@dataclass(frozen=True, slots=True)
class Servers:
    run_dir: RunDir

    @property
    def nats_url(self) -> str:
        return self._running(nats.NAME).program.urls["url"]

    @property
    def nats_monitor(self) -> str:
        return self._running(nats.NAME).program.urls["monitor"]

    @property
    def nats_store(self) -> Path:
        return Path(self._running(nats.NAME).program.urls["store"])

    @property
    def redis_url(self) -> str:
        return self._running(valkey.NAME).program.urls["url"]

    def database_url(self, name: str) -> str:
        """Of a service's database, empty at first, or of one made by `new_database`."""
        password = load(self.run_dir).secrets.database
        return postgres.url(self._running(postgres.NAME).program, name, password=password)

    async def new_database(self, name: str) -> str:
        """Makes an empty one, with a role of its own, if it is not there: its address."""
        server = self._running(postgres.NAME).program
        password = load(self.run_dir).secrets.database
        await postgres.provision(self.run_dir, server, [name], password=password)
        return self.database_url(name)

    def pid(self, name: str) -> int:
        return self._running(name).pid

    async def restart(self, name: str) -> None:
        """`postgres`, `nats` or `redis`, alive or dead; returns when it is ready."""
        await stack.restart(self.run_dir, name)

    async def kill(self, name: str) -> None:
        await stack.kill(self.run_dir, name)

    def _running(self, name: str) -> Running:
        return load(self.run_dir).running[name]


@asynccontextmanager
async def running_servers(run_dir: Path) -> AsyncIterator[Servers]:
    """Takes them down at the end, however that comes, and their data with them."""
    place = RunDir.at(run_dir)
    with all_like_ctrl_c():
        async with place.locked():
            state = await stack.fresh_state(place, Plan(), report=stack.silent)
            async with stack.brought_up(place, state, _start, report=stack.silent):
                pass
        try:
            yield Servers(place)
        finally:
            with undisturbed():
                await stack.down(place)


async def _start(supervisor: Supervisor) -> None:
    await start_servers(supervisor, Ports())
