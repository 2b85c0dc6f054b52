"""How processes are started, known again and ended, with small stand-ins for the real ones."""

import json
import os
import socket
import sys
from collections.abc import AsyncIterator
from dataclasses import replace

import psutil
import pytest
import pytest_asyncio

from shopctl.errors import PartError
from shopctl.ports import LOOPBACK, Ports
from shopctl.processes import Program, kill_tree, process_of
from shopctl.run_dir import RunDir
from shopctl.stack import silent
from shopctl.state_file import State, load
from shopctl.supervisor import Supervisor
from tests.integration.shopctl.traces import lives

LISTEN = """
import signal, socket, subprocess, sys, time
server = socket.create_server(("127.0.0.1", int(sys.argv[1])))
if "deaf" in sys.argv:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
if "parent" in sys.argv:
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
while True:
    time.sleep(60)
"""


def listener(run_dir: RunDir, port: int, *how: str, name: str = "listener") -> Program:
    return Program(
        name=name,
        command=(sys.executable, "-c", LISTEN, str(port), *how),
        log=run_dir.log(name),
        directory=run_dir.path,
        ready_when=(f"tcp://{LOOPBACK}:{port}",),
        patience_s=0.3,
    )


@pytest_asyncio.fixture
async def supervisor(run_dir: RunDir) -> AsyncIterator[Supervisor]:
    run_dir.prepare()
    supervisor = Supervisor(run_dir, State(), report=silent)
    yield supervisor
    for running in supervisor.state.running.values():
        await kill_tree(running)


async def test_a_port_that_was_taken_meanwhile_is_exchanged(supervisor: Supervisor) -> None:
    with socket.create_server((LOOPBACK, 0)) as taken:
        ports = iter([taken.getsockname()[1], free := Ports().free()])

        program = await supervisor.start(lambda: listener(supervisor.run_dir, next(ports)))

    assert program.ready_when == (f"tcp://{LOOPBACK}:{free}",)


async def test_a_process_that_ends_before_it_is_ready_is_reported_with_its_words(
    supervisor: Supervisor,
) -> None:
    program = listener(supervisor.run_dir, Ports().free())
    broken = replace(program, command=(sys.executable, "-c", "raise SystemExit('no database')"))
    program.log.write_text("words of an earlier start\n")

    with pytest.raises(PartError, match="listener: ended before it was ready") as failure:
        await supervisor.start(lambda: broken)

    assert failure.value.said == "no database"


def can_change_to_batch() -> bool:
    if sys.platform != "linux" or (own := os.sched_getscheduler(0)) == os.SCHED_BATCH:
        return False
    try:
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
        os.sched_setscheduler(0, own, os.sched_param(0))
    except OSError:
        return False
    return True


@pytest.mark.skipif(not can_change_to_batch(), reason="no SCHED_BATCH to change to")
async def test_what_is_started_lets_those_who_run_finish_and_its_starter_does_not(
    supervisor: Supervisor,
) -> None:
    own = os.sched_getscheduler(0)
    port = Ports().free()

    await supervisor.start(lambda: listener(supervisor.run_dir, port))

    [running] = supervisor.state.running.values()
    assert os.sched_getscheduler(running.pid) == os.SCHED_BATCH
    assert os.sched_getscheduler(0) == own


async def test_a_recycled_pid_is_not_killed(supervisor: Supervisor) -> None:
    port = Ports().free()
    await supervisor.start(lambda: listener(supervisor.run_dir, port))
    [mine] = supervisor.state.running.values()
    other = replace(mine, since_boot_s=mine.since_boot_s - 3600)
    supervisor.state.running["listener"] = other

    await supervisor.stop(["listener"])
    await supervisor.kill("listener")

    assert process_of(other) is None
    assert process_of(mine)
    await kill_tree(mine)


async def test_one_that_is_deaf_to_sigterm_is_killed_with_its_children(
    supervisor: Supervisor,
) -> None:
    port = Ports().free()
    await supervisor.start(lambda: listener(supervisor.run_dir, port, "deaf", "parent"))
    process = process_of(supervisor.state.running["listener"])
    assert process
    family = [process, *process.children()]
    assert len(family) == 2

    await supervisor.stop(["listener"])

    assert not any(lives(member) for member in family)


async def test_a_suspended_process_stops_too(supervisor: Supervisor) -> None:
    port = Ports().free()
    await supervisor.start(lambda: replace(listener(supervisor.run_dir, port), patience_s=10))
    running = supervisor.state.running["listener"]
    process = psutil.Process(running.pid)
    process.suspend()

    await supervisor.stop(["listener"])

    assert not lives(process)


async def test_it_is_restarted_as_it_was_even_by_another_command(supervisor: Supervisor) -> None:
    program = listener(supervisor.run_dir, Ports().free())
    await supervisor.start(lambda: replace(program, env={"SHOP_COLOUR": "blue"}))
    first = supervisor.state.running["listener"].pid
    later = Supervisor(supervisor.run_dir, load(supervisor.run_dir), report=silent)

    await later.stop(["listener"])
    await later.start_again("listener")

    second = later.state.running["listener"]
    assert second.pid != first
    assert second.program == supervisor.state.running["listener"].program
    assert psutil.Process(second.pid).environ()["SHOP_COLOUR"] == "blue"
    await kill_tree(second)


async def test_the_state_is_for_its_owner_alone(supervisor: Supervisor) -> None:
    await supervisor.start(lambda: listener(supervisor.run_dir, Ports().free()))

    assert supervisor.run_dir.state.stat().st_mode & 0o777 == 0o600
    assert "listener" in json.loads(supervisor.run_dir.state.read_text())["running"]
