"""What is measured: this shop, another version of it, or the baseline; each by its own command."""

import asyncio
import os
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from shopctl.interrupts import all_like_ctrl_c, undisturbed
from shopctl.run_dir import CHECKOUT, RunDir
from shopctl.stack_file import StackFile

SHOWN = 3000
NONE: Mapping[str, str] = MappingProxyType({})


class BenchError(Exception):
    """There is no figure, and why."""


@dataclass(frozen=True, slots=True)
class System:
    """A version of a shop that can be brought up.

    Attributes:
        checkout: its source; the Python environment is always ours.
        module: whose `up` starts it and writes `stack.json`.
        has_audit: whether the audit knows its tables; if not, the books alone are compared.
    """

    name: str = "shop"
    checkout: Path = CHECKOUT
    module: str = "shopctl"
    has_audit: bool = True


SHOP = System()
TUTORIAL = System("tutorial", module="loadtests.baselines.tutorial", has_audit=False)


@dataclass(frozen=True, slots=True)
class Place:
    """A system that is up."""

    system: System
    run_dir: Path
    stack: StackFile

    @property
    def stack_file(self) -> Path:
        return RunDir.at(self.run_dir).stack


@asynccontextmanager
async def running(
    system: System, replicas: Sequence[str] = (), settings: Mapping[str, str] = NONE
) -> AsyncIterator[Place]:
    """Bring it up in a private folder; take it down at the end, however that comes.

    `settings` are SHOP_… variables, which reach the services.
    """
    run_dir = Path(tempfile.mkdtemp(prefix="event-shop-bench-"))
    where = ("--run-dir", str(run_dir))
    with all_like_ctrl_c():
        try:
            await said(system.checkout, system.module, "up", *replicas, *where, env=settings)
            yield Place(system, run_dir, StackFile.read(RunDir.at(run_dir).stack))
        finally:
            with undisturbed():
                await said(CHECKOUT, "shopctl", "down", *where)
                shutil.rmtree(run_dir, ignore_errors=True)


async def said(
    checkout: Path,
    module: str,
    *words: str,
    accept: Sequence[int] = (0,),
    env: Mapping[str, str] = NONE,
) -> str:
    """Run `python -m module words` in that checkout; raises BenchError for other exit codes."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", module, *words),
        cwd=checkout,
        env={**os.environ, **env},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        output, complaint = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode not in accept or (process.returncode and not output):
        told = (complaint or output).decode(errors="replace")[-SHOWN:]
        raise BenchError(f"python -m {module} {words[0]}: exit {process.returncode}\n{told}")
    return output.decode()
