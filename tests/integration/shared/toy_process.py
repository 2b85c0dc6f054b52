"""The toy as a process of its own: it may die, and be asked to stop."""

import asyncio
import signal
import sys
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

import httpx

from shared.settings import ServiceSettings
from shopctl.ports import Ports
from shopctl.run_dir import CHECKOUT
from tests.eventually import eventually

PORTS = Ports()


@dataclass(frozen=True, slots=True)
class ToyProcess:
    process: Process
    http: httpx.AsyncClient
    log: Path

    async def ready(self) -> None:
        await eventually(self._answers, 200, within_s=60)

    async def died(self, *, within_s: float = 20.0) -> int:
        """Wait for its end; its exit status, negative for a signal."""
        async with asyncio.timeout(within_s):
            return await self.process.wait()

    async def stop(self) -> float:
        """SIGTERM; return the seconds until it has ended."""
        began = monotonic()
        self.process.send_signal(signal.SIGTERM)
        await self.died()
        return monotonic() - began

    async def metric(self, name: str) -> float:
        """The sum of a metric over its labels."""
        lines = (await self.http.get("/metrics")).text.splitlines()
        return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(name))

    async def _answers(self) -> int | str:
        if self.process.returncode is not None:
            return f"ended with {self.process.returncode}: {self.log.read_text()[-2000:]}"
        try:
            return (await self.http.get("/readyz")).status_code
        except httpx.TransportError as error:
            return repr(error)


@asynccontextmanager
async def toy_process(
    settings: ServiceSettings, log: Path, env: Mapping[str, str] | None = None
) -> AsyncIterator[ToyProcess]:
    """Start it; it is not ready yet. At the end it is killed, if it still lives."""
    port = PORTS.free()
    with log.open("ab") as output:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.integration.shared.toy",
            cwd=CHECKOUT,
            env={**_environment(settings, port), **(env or {})},
            stdin=DEVNULL,
            stdout=output,
            stderr=output,
        )
    url = f"http://127.0.0.1:{port}"
    async with httpx.AsyncClient(base_url=url, timeout=5) as http:
        try:
            yield ToyProcess(process, http, log)
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()


def way(*, together: bool) -> dict[str, str]:
    """How the toy is to handle its events, in its environment."""
    return {"TOY_TOGETHER": "1"} if together else {}


def _environment(settings: ServiceSettings, port: int) -> dict[str, str]:
    return {
        "SHOP_DATABASE_URL": settings.database_url,
        "SHOP_NATS_URL": settings.nats_url,
        "SHOP_REDIS_URL": settings.redis_url,
        "SHOP_CUSTOMER_TOKEN": "customer-token",
        "SHOP_OPERATOR_TOKEN": "operator-token",
        "SHOP_HTTP_PORT": str(port),
    }
