"""The local stack as a whole: up, down, and a part of it restarted or killed."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from shopctl import postgres, stack_file
from shopctl.errors import AlreadyUpError, NotUpError, OtherPlanError, UnknownNameError
from shopctl.interrupts import all_like_ctrl_c, undisturbed
from shopctl.plan import Plan, service_of
from shopctl.processes import process_of, reaped
from shopctl.run_dir import DEFAULT, RunDir
from shopctl.stack_file import StackFile
from shopctl.startup import start_all, stop_order
from shopctl.state_file import State, load, save
from shopctl.supervisor import Report, Supervisor

REAPED_WITHIN_S = 2.0


def silent(_name: str, _what: str) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Stack:
    """A running stack in the hands of the process that brought it up."""

    run_dir: RunDir
    file: StackFile

    async def restart(self, name: str) -> None:
        await restart(self.run_dir, name)

    async def kill(self, name: str) -> None:
        await kill(self.run_dir, name)


@asynccontextmanager
async def running_stack(
    run_dir: Path = DEFAULT, plan: Plan | None = None, *, report: Report = silent
) -> AsyncIterator[Stack]:
    """Brings a stack up and takes it down at the end, however that comes; its logs stay.

    Raises AlreadyUpError rather than take over another's.
    """
    place = RunDir.at(run_dir)
    with all_like_ctrl_c():
        file = await up(place, plan or Plan(), report=report)
        try:
            yield Stack(place, file)
        finally:
            with undisturbed():
                await down(place, report=report)


async def up(run_dir: RunDir, plan: Plan, *, report: Report = silent) -> StackFile:
    """Returns when everything is ready. If a part fails, nothing of it stays."""
    async with run_dir.locked():
        state = await fresh_state(run_dir, plan, report=report)
        async with brought_up(run_dir, state, start_all, report=report):
            return stack_file.write(state, run_dir)


async def down(run_dir: RunDir, *, keep_data: bool = False, report: Report = silent) -> None:
    """Leaves no process and, unless asked, no data; also after a crash, and when nothing is up."""
    async with run_dir.locked():
        try:
            state = load(run_dir)
        except NotUpError:
            state = State()
        await take_down(Supervisor(run_dir, state, report=report), keep_data=keep_data)


async def restart(run_dir: RunDir, name: str, *, report: Report = silent) -> None:
    """Stops it, if it lives, and starts it on the same ports and data; replicas one by one."""
    async with run_dir.locked():
        state = load(run_dir)
        supervisor = Supervisor(run_dir, state, report=report)
        for part in parts(state, name):
            await supervisor.stop([part])
            if part == postgres.NAME:
                await postgres.clear_after_crash(run_dir)
            await supervisor.start_again(part)
            if run_dir.stack.exists():
                stack_file.write(state, run_dir)


async def kill(run_dir: RunDir, name: str) -> None:
    """SIGKILL; it stays dead."""
    async with run_dir.locked():
        state = load(run_dir)
        supervisor = Supervisor(run_dir, state, report=silent)
        for part in parts(state, name):
            await supervisor.kill(part)


def parts(state: State, name: str) -> list[str]:
    """The processes that `name` means: one, or all replicas of a service."""
    meant = [part for part in state.running if part == name or service_of(part) == name]
    if not meant:
        services = dict.fromkeys(service_of(part) or part for part in state.running)
        raise UnknownNameError(name, services)
    return meant


async def fresh_state(run_dir: RunDir, plan: Plan, *, report: Report) -> State:
    """A new state, if nothing is up; what a crash left is removed first."""
    try:
        found = load(run_dir)
    except NotUpError:
        return State(plan)
    dead = [name for name, running in found.running.items() if process_of(running) is None]
    if found.complete and len(dead) < len(found.running):
        raise _refusal(found, plan, dead)
    await take_down(Supervisor(run_dir, found, report=report), keep_data=False)
    return State(plan)


def _refusal(found: State, plan: Plan, dead: list[str]) -> AlreadyUpError | OtherPlanError:
    if dead:
        return OtherPlanError(f"up, but {', '.join(dead)} not: `restart` it, or `down` first")
    if found.plan != plan:
        return OtherPlanError("up already, with other options: `down` first")
    return AlreadyUpError("up already")


@asynccontextmanager
async def brought_up(
    run_dir: RunDir,
    state: State,
    start: Callable[[Supervisor], Awaitable[None]],
    *,
    report: Report,
) -> AsyncIterator[None]:
    """Starts; takes everything down again if that fails, or what comes inside."""
    supervisor = Supervisor(run_dir, state, report=report)
    try:
        run_dir.prepare()
        await start(supervisor)
        state.complete = True
        save(state, run_dir)
        yield
    except BaseException:
        with undisturbed():
            await take_down(supervisor, keep_data=False)
        raise


async def take_down(supervisor: Supervisor, *, keep_data: bool) -> None:
    run_dir = supervisor.run_dir
    run_dir.stack.unlink(missing_ok=True)
    for names in stop_order(supervisor.state.running):
        await supervisor.stop(names, keep_data=keep_data)
    await postgres.clear_after_crash(run_dir)
    if not keep_data:
        run_dir.remove_data()
    await reaped(supervisor.state.running.values(), within_s=REAPED_WITHIN_S)
    run_dir.state.unlink(missing_ok=True)
