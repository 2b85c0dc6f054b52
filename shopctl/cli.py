"""`python -m shopctl`: the operator's command line."""

import asyncio
import sys
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from shopctl import log_files, stack
from shopctl.dead_letters.commands import app as dead_letters
from shopctl.demo.command import demo
from shopctl.errors import (
    AlreadyUpError,
    BadPlanError,
    PartError,
    ShopctlError,
    UnknownNameError,
)
from shopctl.interrupts import all_like_ctrl_c
from shopctl.plan import Plan
from shopctl.replay.command import replay
from shopctl.run_dir import DEFAULT, RunDir
from shopctl.status import Condition, PartStatus, status

MIB = 1 << 20
WRONG_USE = 2

T = TypeVar("T")

app = typer.Typer(
    help="The shop's local stack: real servers and five services, as processes of this machine.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.add_typer(dead_letters, name="dead-letters")
console = Console(highlight=False, soft_wrap=True)
errors = Console(stderr=True, highlight=False, soft_wrap=True)

app.command()(demo)
app.command()(replay)

RunDirOption = Annotated[
    Path, typer.Option("--run-dir", help="Where the stack keeps its files.", show_default=False)
]
Name = Annotated[str, typer.Argument(help="A service, one replica (order-2), or another part.")]


def main() -> None:
    """Runs the command; every foreseen failure is one line, and an exit code."""
    try:
        app(prog_name="shopctl")
    except ShopctlError as error:
        errors.print(f"[red]{escape(str(error))}[/]")
        if isinstance(error, PartError):
            errors.print(f"{error.log}:\n{escape(error.said)}")
        wrong_use = isinstance(error, BadPlanError | UnknownNameError)
        sys.exit(WRONG_USE if wrong_use else 1)


@app.command()
def up(
    counts: Annotated[
        list[str] | None, typer.Argument(metavar="[SERVICE=N]...", help="As --replicas.")
    ] = None,
    replicas: Annotated[
        list[str] | None,
        typer.Option(metavar="SERVICE=N", help="Processes of a service, if not 1."),
    ] = None,
    smtp: Annotated[
        str | None, typer.Option(metavar="HOST:PORT", help="A mail server in the sandbox's place.")
    ] = None,
    provider: Annotated[
        str | None, typer.Option(metavar="URL", help="A payment provider in the sandbox's place.")
    ] = None,
    run_dir: RunDirOption = DEFAULT,
) -> None:
    """Start everything; return when all is ready."""
    place = RunDir.at(run_dir)
    plan = Plan.parse([*(replicas or ()), *(counts or ())], smtp=smtp, provider=provider)
    try:
        _run(stack.up(place, plan, report=_report))
        console.print(f"[green]Up.[/] {place.stack}")
    except AlreadyUpError:
        console.print(f"Up already. {place.stack}")


@app.command()
def down(
    *,
    keep_data: Annotated[bool, typer.Option("--keep-data", help="For the next `up`.")] = False,
    run_dir: RunDirOption = DEFAULT,
) -> None:
    """Stop everything and remove its data."""
    _run(stack.down(RunDir.at(run_dir), keep_data=keep_data, report=_report))
    console.print("Down; its data are kept." if keep_data else "Down.")


@app.command()
def restart(name: Name, run_dir: RunDirOption = DEFAULT) -> None:
    """Stop a part, if it lives, and start it on the same port and data."""
    _run(stack.restart(RunDir.at(run_dir), name, report=_report))


@app.command()
def kill(name: Name, run_dir: RunDirOption = DEFAULT) -> None:
    """SIGKILL a part; `restart` brings it back."""
    _run(stack.kill(RunDir.at(run_dir), name))
    _report(name, "killed")


@app.command(name="status")
def show_status(run_dir: RunDirOption = DEFAULT) -> None:
    """Show what runs; exit 1 unless everything is ready."""
    parts = _run(status(RunDir.at(run_dir)))
    console.print(_table(parts))
    if any(part.condition is not Condition.READY for part in parts):
        raise typer.Exit(1)


@app.command()
def logs(
    name: Name,
    *,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until Ctrl-C.")] = False,
    lines: Annotated[int, typer.Option("--lines", "-n", min=0, help="From the end.")] = 100,
    run_dir: RunDirOption = DEFAULT,
) -> None:
    """Show the end of a part's log; of all its replicas, for a service."""
    place = RunDir.at(run_dir)
    paths = log_files.of(place, name)
    show = log_files.follow if follow else log_files.show_ends
    show(paths, lines=lines, tell=_print_named if len(paths) > 1 else _print_line)


@app.command(name="settings")
def settings_page(
    *,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit 1 if the page is out of date.")
    ] = False,
) -> None:
    """Write docs/reference/settings.md from the code."""
    # Imported here: the services take a second to import, which no other command needs.
    from shopctl import settings_page as page  # noqa: PLC0415

    if not check:
        page.write()
    elif not page.is_current():
        errors.print("docs/reference/settings.md is out of date: python -m shopctl settings")
        raise typer.Exit(1)


def _run(work: Coroutine[Any, Any, T]) -> T:
    with all_like_ctrl_c():
        return asyncio.run(work)


def _report(name: str, what: str) -> None:
    console.print(f"  {escape(name):20} {escape(what)}")


def _print_line(_log: str, line: str) -> None:
    print(line)


def _print_named(log: str, line: str) -> None:
    print(f"{log}: {line}")


def _table(parts: Sequence[PartStatus]) -> Table:
    table = Table(box=None, pad_edge=False)
    for heading in ("part", "is", "pid", "at"):
        table.add_column(heading)
    for heading in ("up s", "MiB"):
        table.add_column(heading, justify="right")
    for part in parts:
        up_s, mib = f"{part.up_s:,.0f}", f"{part.memory_bytes / MIB:,.0f}"
        table.add_row(part.name, part.condition, str(part.pid), part.address, up_s, mib)
    total = sum(part.memory_bytes for part in parts)
    table.add_row("", "", "", "", "", f"{total / MIB:,.0f}", style="bold")
    return table
