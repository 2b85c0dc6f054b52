"""Real servers for one test package, which may kill and restart them: no other notices."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import mkdtemp

from shared.messaging.topology_setup import set_up
from shared.persistence.migrations import upgrade
from shopctl.run_dir import RunDir
from shopctl.servers import Servers, running_servers
from shopctl.stack import silent
from shopctl.state_file import State
from shopctl.supervisor import Supervisor


@asynccontextmanager
async def own_servers(name: str) -> AsyncIterator[Servers]:
    """Postgres, NATS and Redis (Valkey) on ports of their own, gone at the end with all data."""
    place = Path(mkdtemp(prefix=f"shop-{name}-"))
    try:
        async with running_servers(place) as servers:
            yield servers
    finally:
        shutil.rmtree(place, ignore_errors=True)


@asynccontextmanager
async def servers_of(service: str) -> AsyncIterator[Servers]:
    """As the service finds them: its tables are made, the streams and durables set up."""
    async with own_servers(service) as servers:
        await set_up(servers.nats_url)
        await asyncio.to_thread(upgrade, service, servers.database_url(service))
        yield servers


@asynccontextmanager
async def own_world(name: str) -> AsyncIterator[Supervisor]:
    """Runs what stands outside the shop (`shopctl.outside`), and ends it."""
    run_dir = RunDir.at(Path(mkdtemp(prefix=f"shop-{name}-")))
    run_dir.prepare()
    supervisor = Supervisor(run_dir, State(), report=silent)
    try:
        yield supervisor
    finally:
        await supervisor.stop(list(supervisor.state.running))
        shutil.rmtree(run_dir.path, ignore_errors=True)
