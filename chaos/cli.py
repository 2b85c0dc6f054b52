"""`python -m chaos`: exit 0 if everything held, in time, and every fault fired; 1 if not."""

import asyncio
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from chaos import report
from chaos.faults import BY_NAME, FAULTS
from chaos.faults.base import Fault
from chaos.run import Order, Result, run
from chaos.stage import Pace
from shopctl.interrupts import all_like_ctrl_c
from shopctl.run_dir import DEFAULT

QUICK = (
    "service-kill",
    "fail-points",
    "nats-kill",
    "redis-flush",
    "postgres-kill",
    "provider-drop",
    "mail-cut",
)

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
console = Console(highlight=False, soft_wrap=True)


def main() -> None:
    app(prog_name="python -m chaos")


@app.command()
def campaign(
    *,
    fault: Annotated[list[str] | None, typer.Option(help="Only these; see --list.")] = None,
    seed: Annotated[int, typer.Option(help="The same seed is the same campaign.")] = 1,
    rounds: Annotated[int, typer.Option(min=1, help="Strikes of each fault.")] = 20,
    rate: Annotated[float, typer.Option(min=0.1, help="Orders a second, open loop.")] = 30.0,
    quick: Annotated[bool, typer.Option("--quick", help="Some faults once, on one stack.")] = False,
    show_list: Annotated[bool, typer.Option("--list", help="Show the faults.")] = False,
    out: Annotated[
        Path, typer.Option(help="Where results and pictures go.", show_default=False)
    ] = DEFAULT / "chaos",
) -> None:
    """Break the shop under load, in every way of the table, and check that everything holds."""
    if show_list:
        for known in FAULTS:
            console.print(f"{known.name:16} {known.does}")
        return
    asked = Order(
        name="quick",
        faults=[_named(name) for name in (fault or (QUICK if quick else BY_NAME))],
        seed=seed,
        rounds=1 if quick else rounds,
        rate=rate,
        pace=Pace.quick() if quick else Pace(),
        out=out.resolve() / "quick",
    )
    orders = [asked] if quick else asked.apart()
    with all_like_ctrl_c():
        results = asyncio.run(_run_all(orders))
    report.show(results, console)
    report.write(results, out / "campaign.json")
    console.print(f"Pictures, histories and logs: {out}")
    # A quick round may run beside other things, as in CI: there only what is wrong counts.
    if not all(result.is_right and (quick or result.is_prompt) for result in results):
        raise typer.Exit(1)


def _named(name: str) -> Fault:
    if name not in BY_NAME:
        raise typer.BadParameter(f"{name}: there are {', '.join(BY_NAME)}", param_hint="--fault")
    return BY_NAME[name]


async def _run_all(orders: Sequence[Order]) -> list[Result]:
    results = []
    for order in orders:
        shutil.rmtree(order.out, ignore_errors=True)
        order.out.mkdir(parents=True)
        console.print(f"[bold]{order.name}[/]")
        results.append(await run(order, _say))
    return results


def _say(text: str) -> None:
    console.print(f"  [dim]{escape(text)}[/]")
