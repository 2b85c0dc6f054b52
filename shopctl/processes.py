"""Processes that outlive the command that starts them, and are known again by pid and start."""

import asyncio
import os
import pwd
import signal
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypedDict

import psutil

from shopctl.scheduling import without_preemption

POLL_S = 0.02
SAME_START_WITHIN_S = 0.5
KILLED_WITHIN_S = 5.0


@dataclass(frozen=True, slots=True)
class Program:
    """All that is needed to start a process, and to start it again exactly so."""

    name: str
    command: tuple[str, ...]
    log: Path
    directory: Path
    ready_when: tuple[str, ...]  # addresses that must answer, see readiness.py
    urls: Mapping[str, str] = field(default_factory=dict)  # where others reach it
    env: Mapping[str, str] = field(default_factory=dict)
    user: str | None = None
    stop_signal: int = signal.SIGTERM
    discard_signal: int = signal.SIGTERM  # to stop it when its data go too
    patience_s: float = 9.0


@dataclass(frozen=True, slots=True)
class Running:
    program: Program
    pid: int
    since_boot_s: float  # when it began: a recycled pid has another

    @property
    def name(self) -> str:
        return self.program.name


def spawn(program: Program) -> Running:
    """Starts it in a session of its own, with its output in its log."""
    with program.log.open("ab") as log, without_preemption():
        child = subprocess.Popen(
            program.command,
            cwd=program.directory,
            env=environment(program.env),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            **identity(program.user),
        )
    # psutil watches it from here on; a forgotten Popen would warn that its child still runs.
    child.returncode = 0
    return Running(program, child.pid, _since_boot(psutil.Process(child.pid)))


def environment(extra: Mapping[str, str]) -> dict[str, str]:
    """Ours without any SHOP_ setting, and `extra`: a restart must not depend on who asks for it."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("SHOP_")}
    return {**inherited, "PYTHONUNBUFFERED": "1", **extra}


class Identity(TypedDict, total=False):
    user: int
    group: int
    extra_groups: tuple[int, ...]


def identity(user: str | None) -> Identity:
    """The arguments of Popen that make the child `user`'s, with none of our groups."""
    if user is None:
        return {}
    entry = pwd.getpwnam(user)
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": ()}


def process_of(running: Running) -> psutil.Process | None:
    """The live process; None if it ended, even if its pid lives on in another."""
    try:
        process = psutil.Process(running.pid)
        apart = abs(_since_boot(process) - running.since_boot_s)
    except psutil.NoSuchProcess:
        return None
    return None if apart > SAME_START_WITHIN_S or _has_ended(process) else process


def ask_to_stop(running: Running, by_signal: int) -> None:
    """Wakes it too, if it was suspended: it would never hear."""
    process = process_of(running)
    if process is None:
        return
    with suppress(psutil.NoSuchProcess):
        process.send_signal(by_signal)
        process.resume()


async def kill_tree(running: Running) -> None:
    """SIGKILL to it and to all its descendants, and waits until they are gone."""
    process = process_of(running)
    if process is not None:
        await kill_all(_family(process))


async def kill_all(processes: Sequence[psutil.Process]) -> None:
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    deadline = asyncio.get_running_loop().time() + KILLED_WITHIN_S
    while not all(_has_ended(process) for process in processes):
        if asyncio.get_running_loop().time() > deadline:
            return
        await asyncio.sleep(POLL_S)


async def ended(runnings: Iterable[Running], *, within_s: float) -> list[Running]:
    """Waits until all have ended, or the time is over: those that still live."""
    deadline = asyncio.get_running_loop().time() + within_s
    alive = [running for running in runnings if process_of(running)]
    while alive and asyncio.get_running_loop().time() < deadline:
        await asyncio.sleep(POLL_S)
        alive = [running for running in alive if process_of(running)]
    return alive


async def reaped(runnings: Iterable[Running], *, within_s: float) -> None:
    """Waits until no zombie is left either; the machine's first process may take its time."""
    deadline = asyncio.get_running_loop().time() + within_s
    while any(psutil.pid_exists(running.pid) for running in runnings):
        if asyncio.get_running_loop().time() > deadline:
            return
        await asyncio.sleep(POLL_S)


def _family(process: psutil.Process) -> list[psutil.Process]:
    """It and its descendants; it is suspended first, so that no child is born meanwhile."""
    with suppress(psutil.NoSuchProcess):
        process.suspend()
        return [process, *process.children(recursive=True)]
    return []


def _has_ended(process: psutil.Process) -> bool:
    """A zombie has, once its last thread is gone too: until then its ports are taken."""
    try:
        if process.status() != psutil.STATUS_ZOMBIE or process.num_threads() > 1:
            return not process.is_running()
    except psutil.NoSuchProcess:
        return True
    with suppress(ChildProcessError):  # another's child: its parent will
        os.waitpid(process.pid, os.WNOHANG)
    return True


def _since_boot(process: psutil.Process) -> float:
    """Relative to the boot, for a clock that is set moves psutil's absolute times."""
    return process.create_time() - psutil.boot_time()
