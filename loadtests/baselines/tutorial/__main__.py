"""`python -m loadtests.baselines.tutorial up --run-dir DIR`; `shopctl down` takes it down.

The servers, the provider and the mail sink are those of the local stack, and so is `stack.json`.
"""

import asyncio
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from shopctl import outside, services, stack, stack_file
from shopctl.errors import PartError
from shopctl.interrupts import all_like_ctrl_c
from shopctl.plan import SERVICES, Plan
from shopctl.ports import Ports
from shopctl.processes import Program
from shopctl.run_dir import CHECKOUT, RunDir
from shopctl.startup import start_servers
from shopctl.supervisor import Supervisor

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.callback()
def tutorial() -> None:
    """Run the shop as tutorials have it."""


@app.command()
def up(run_dir: Annotated[Path, typer.Option()]) -> None:
    """Start it; return when it is ready."""
    try:
        with all_like_ctrl_c():
            asyncio.run(_up(RunDir.at(run_dir)))
    except PartError as error:
        print(f"{error}\n{error.said}", file=sys.stderr)  # noqa: T201 - who started us reads it
        sys.exit(1)


async def _up(run_dir: RunDir) -> None:
    async with run_dir.locked():
        state = await stack.fresh_state(run_dir, Plan(), report=stack.silent)
        async with stack.brought_up(run_dir, state, _start, report=stack.silent):
            stack_file.write(state, run_dir)


async def _start(supervisor: Supervisor) -> None:
    ports, run_dir = Ports(), supervisor.run_dir
    await start_servers(supervisor, ports)
    await supervisor.start(lambda: outside.provider(run_dir, ports))
    await supervisor.start(lambda: outside.mail(run_dir, ports))
    for service in SERVICES:
        await supervisor.start(partial(_program, supervisor, ports, service))


def _program(supervisor: Supervisor, ports: Ports, service: str) -> Program:
    """As the stack would start it, but for its command."""
    environment = services.environment(supervisor.state, service)
    program = services.program(supervisor.run_dir, ports, f"{service}-1", env=environment)
    command = (*program.command[:-1], "loadtests.baselines.tutorial.serve", service)
    return replace(program, command=command, directory=CHECKOUT)


if __name__ == "__main__":
    app()
