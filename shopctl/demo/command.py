"""`python -m shopctl demo`: a whole shop for a minute."""

import asyncio
import shutil
import tempfile
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from shopctl.interrupts import all_like_ctrl_c
from shopctl.stack import Stack, running_stack
from shopctl.supervisor import Report

GO_ON = """\
Where to go on:
  README.md     the picture, and an order followed through the code
  make up       the same shop in the background, each service with its pages at /docs
  make load     customers without end
  docs/         why it is built so, and how its parts work
  make help     everything else\
"""


def demo(
    *,
    orders: Annotated[int, typer.Option(min=1, max=100_000, help="How many are placed.")] = 300,
    seed: Annotated[int, typer.Option(help="Who buys what.")] = 1,
    keep: Annotated[
        bool, typer.Option("--keep", help="Leave the shop open at the end, until Ctrl-C.")
    ] = False,
) -> None:
    """Start a shop of its own, sell, show it live, audit, stop; exit 1 if anything is wrong."""
    console = Console(highlight=False, soft_wrap=True)
    place = Path(tempfile.mkdtemp(prefix="event-shop-demo-"))
    try:
        with all_like_ctrl_c():
            is_good = asyncio.run(_run(place, console, orders=orders, seed=seed, keep=keep))
    except KeyboardInterrupt:
        shutil.rmtree(place, ignore_errors=True)
        console.print("Stopped.")
        raise
    if not is_good:
        console.print(f"\n[red]Something is wrong.[/] The logs: {place / 'logs'}")
        raise typer.Exit(1)
    shutil.rmtree(place, ignore_errors=True)
    console.print(f"\n[green]All is well.[/] {GO_ON}")


async def _run(place: Path, console: Console, *, orders: int, seed: int, keep: bool) -> bool:
    # Imported here: an HTTP client takes half a second to import, which most commands do not need.
    from shopctl.demo.performance import perform  # noqa: PLC0415

    console.print("Starting the shop: three servers, the world outside, five services")
    async with running_stack(place, report=_reporting(console)) as stack:
        is_good = await perform(stack, console, orders=orders, seed=seed)
        if keep:
            _show_places(stack, console)
            await asyncio.Event().wait()
        console.print("\nStopping the shop.")
    return is_good


def _reporting(console: Console) -> Report:
    def report(name: str, what: str) -> None:
        console.print(f"  {escape(name):20} {escape(what)}")

    return report


def _show_places(stack: Stack, console: Console) -> None:
    console.print(f"\nThe shop stays open until Ctrl-C. All of it: {stack.run_dir.stack}")
    for name, service in stack.file.services.items():
        console.print(f"  {name:20} {service.url}/docs")
