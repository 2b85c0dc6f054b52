"""Starts, watches and ends the processes of one run directory, and notes each in its state."""

import asyncio
from collections.abc import Callable, Iterable

from shopctl.errors import PartError
from shopctl.processes import Program, Running, ask_to_stop, ended, kill_tree, process_of, spawn
from shopctl.readiness import is_ready
from shopctl.run_dir import RunDir
from shopctl.state_file import State, save

POLL_S = 0.03
READY_WITHIN_S = 40.0
TRY_AGAIN_AFTER_S = 0.2
# These pass: the port was taken meanwhile; a dead Postgres's backends are on their way out.
PASSING = ("address already in use", "pre-existing shared memory block")

Report = Callable[[str, str], None]  # the part's name, what happened to it
Build = Callable[[], Program]  # chooses its ports anew at each call


class Supervisor:
    def __init__(self, run_dir: RunDir, state: State, *, report: Report) -> None:
        self.run_dir = run_dir
        self.state = state
        self.report = report

    async def start(self, build: Build) -> Program:
        """Returns when it is ready. Where a port was taken meanwhile, it is built and tried again.

        Raises PartError when it ends before that, or the time is over.
        """
        loop = asyncio.get_running_loop()
        began = loop.time()
        while True:
            try:
                running = await self._start_once(build(), deadline=began + READY_WITHIN_S)
            except PartError as failure:
                if loop.time() > began + READY_WITHIN_S or not _passes(failure):
                    raise
                await asyncio.sleep(TRY_AGAIN_AFTER_S)
            else:
                self.report(running.name, f"ready in {loop.time() - began:.1f} s")
                return running.program

    async def start_again(self, name: str) -> None:
        program = self.state.running[name].program
        await self.start(lambda: program)

    async def stop(self, names: Iterable[str], *, keep_data: bool = True) -> None:
        """Asks all to stop, at once; kills what has not ended when its patience is over."""
        stopping = [self.state.running[name] for name in names if name in self.state.running]
        for running in stopping:
            program = running.program
            ask_to_stop(running, program.stop_signal if keep_data else program.discard_signal)
        patience = max((running.program.patience_s for running in stopping), default=0)
        for late in await ended(stopping, within_s=patience):
            self.report(late.name, "does not stop: killed")
            await kill_tree(late)

    async def kill(self, name: str) -> None:
        await kill_tree(self.state.running[name])

    async def _start_once(self, program: Program, *, deadline: float) -> Running:
        since_byte = program.log.stat().st_size if program.log.exists() else 0
        running = spawn(program)
        self.state.running[program.name] = running
        save(self.state, self.run_dir)
        while not await is_ready(running):
            reason = None
            if process_of(running) is None:
                reason = "ended before it was ready"
            elif asyncio.get_running_loop().time() > deadline:
                reason = f"not ready within {READY_WITHIN_S:.0f} s"
            if reason:
                raise PartError(program.name, reason, log=program.log, since_byte=since_byte)
            await asyncio.sleep(POLL_S)
        return running


def _passes(failure: PartError) -> bool:
    said = failure.said.lower()
    return any(words in said for words in PASSING)
