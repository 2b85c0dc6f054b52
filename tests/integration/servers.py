"""Real servers for one test package, which may kill and restart them: no other notices."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import mkdtemp

from shopctl.servers import Servers, running_servers


@asynccontextmanager
async def own_servers(name: str) -> AsyncIterator[Servers]:
    """Postgres, NATS and Redis (Valkey) on ports of their own, gone at the end with all data."""
    place = Path(mkdtemp(prefix=f"shop-{name}-"))
    try:
        async with running_servers(place) as servers:
            yield servers
    finally:
        shutil.rmtree(place, ignore_errors=True)
