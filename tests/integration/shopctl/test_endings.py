"""However it ends, nothing of ours stays: failures half way, signals, crashes of the starter."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from shopctl import nats, stack
from shopctl.errors import PartError
from shopctl.plan import Plan
from shopctl.ports import Ports
from shopctl.run_dir import CHECKOUT, RunDir
from shopctl.state_file import State
from shopctl.supervisor import Supervisor
from tests.integration.shopctl.traces import files_of, processes_of

HOLD = """
import asyncio, sys
from pathlib import Path
from shopctl.servers import running_servers

async def main():
    async with running_servers(Path(sys.argv[1])):
        print("up", flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


@asynccontextmanager
async def holder(run_dir: RunDir) -> AsyncIterator[asyncio.subprocess.Process]:
    """Another process that has the servers up."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        HOLD,
        str(run_dir.path),
        cwd=CHECKOUT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        assert process.stdout
        assert await process.stdout.readline() == b"up\n"
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def start_nats(supervisor: Supervisor) -> None:
    await supervisor.start(lambda: nats.program(supervisor.run_dir, Ports()))


async def test_a_failure_half_way_leaves_nothing_and_shows_the_log(run_dir: RunDir) -> None:
    async def start(supervisor: Supervisor) -> None:
        await start_nats(supervisor)
        assert len(processes_of(run_dir)) == 1
        raise PartError("order-1", "ended before it was ready", log=run_dir.log("nats"))

    with pytest.raises(PartError, match="order-1") as failure:
        async with stack.brought_up(run_dir, State(), start, report=stack.silent):
            pass

    assert "Server is ready" in failure.value.said
    assert processes_of(run_dir) == []
    assert files_of(run_dir) == []


async def test_sigterm_takes_everything_down_as_ctrl_c_does(run_dir: RunDir) -> None:
    async with holder(run_dir) as process:
        process.send_signal(signal.SIGTERM)
        await process.wait()

    assert processes_of(run_dir) == []
    assert files_of(run_dir) == []


async def test_down_clears_up_after_a_crash_of_starter_and_postmaster(run_dir: RunDir) -> None:
    async with holder(run_dir) as process:
        process.kill()
        await process.wait()
    await stack.kill(run_dir, "postgres")

    await stack.down(run_dir)

    assert processes_of(run_dir) == []
    assert files_of(run_dir) == []
    await stack.down(run_dir)  # and again, with nothing up


async def test_kept_data_are_there_after_the_next_start(run_dir: RunDir) -> None:
    async with stack.brought_up(run_dir, State(), start_nats, report=stack.silent):
        marker = nats.store(run_dir) / "marker"
        marker.touch()
    await stack.down(run_dir, keep_data=True)
    assert processes_of(run_dir) == []

    state = await stack.fresh_state(run_dir, Plan(), report=stack.silent)
    async with stack.brought_up(run_dir, state, start_nats, report=stack.silent):
        assert marker.exists()
    await stack.down(run_dir)

    assert files_of(run_dir) == []
