"""`python -m loadtests.bench`: what an order costs, in CPU time of the shop and its servers."""

import asyncio
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from loadtests.measuring import against, pictures, publishing, report
from loadtests.measuring.parts import ASKED_FOR, PARTS, TOO_LONG
from loadtests.measuring.results import Results
from loadtests.measuring.scale import Scale
from loadtests.measuring.systems import BenchError
from shopctl.run_dir import CHECKOUT

OUT = CHECKOUT / ".run" / "bench"
FIGURES = "bench.json"
FILE = CHECKOUT.parent / "shared" / "data" / "online_retail_2010-12.csv.gz"

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
# A file or a pipe has no width of its own.
console = Console(highlight=False, width=None if sys.stdout.isatty() else 130)
errors = Console(stderr=True, highlight=False, soft_wrap=True)


@app.command()
def bench(
    *,
    quick: Annotated[bool, typer.Option("--quick", help="Two minutes, small numbers.")] = False,
    ref: Annotated[
        str | None,
        typer.Option("--against", metavar="REF", help="Compare with this git ref, alternately."),
    ] = None,
    baseline: Annotated[
        bool, typer.Option("--baseline", help="Measure the tutorial's way too.")
    ] = False,
    parts: Annotated[
        str | None, typer.Option(metavar="A,B", help=f"Only these: {', '.join(PARTS)}.")
    ] = None,
    file: Annotated[
        Path, typer.Option(help="An Online Retail file for real orders.", show_default=False)
    ] = FILE,
    out: Annotated[Path, typer.Option(help="Where results go.", show_default=False)] = OUT,
    orders: Annotated[
        int | None, typer.Option(min=1, help="Of a saturation.", show_default=False)
    ] = None,
    poisson: Annotated[
        bool, typer.Option("--poisson", help="Arrivals at random instead of evenly spaced.")
    ] = False,
    add: Annotated[
        bool, typer.Option("--add", help="Keep what the last run found in other parts.")
    ] = False,
    publish: Annotated[
        bool, typer.Option("--publish", help="Write figures and pictures into docs/.")
    ] = False,
) -> None:
    """Measure, audit, and tell; exit 1 where there is no figure."""
    if publish and quick:
        raise typer.BadParameter("quick figures are not for quoting", param_hint="--publish")
    scale = _scale(quick=quick, orders=orders, poisson=poisson, file=file)
    try:
        if ref is not None:
            asyncio.run(against.compare(ref, scale, console))
            return
        wanted = _wanted(parts, quick=quick, baseline=baseline)
        results = Results.begun(wanted, datetime.now(UTC), last=out / FIGURES if add else None)
        asyncio.run(_measure(results, wanted, scale, out=out, publish=publish))
    except BenchError as error:
        errors.print(f"[red]{escape(str(error))}[/]")
        sys.exit(1)


async def _measure(
    results: Results, wanted: list[str], scale: Scale, *, out: Path, publish: bool
) -> None:
    failed: list[str] = []
    for name in wanted:
        console.print(f"[bold]{name}[/]")
        try:
            results.figures += await PARTS[name](scale, lambda text: console.print(escape(text)))
        except BenchError as error:
            failed.append(name)
            errors.print(f"[red]{escape(str(error))}[/]")
        results.figures.sort(key=lambda it: list(PARTS).index(it.part))
        results.write(out / FIGURES)
    console.print()
    report.show(results, console)
    pictures.draw(results, out)
    console.print(f"\n{out / FIGURES}, and pictures beside it.")
    if failed:
        raise BenchError(f"no figures of {', '.join(failed)}; nothing is published")
    if publish:
        publishing.publish(results)
        console.print(f"Published in {publishing.PAGE.relative_to(CHECKOUT)}.")


def _scale(*, quick: bool, orders: int | None, poisson: bool, file: Path) -> Scale:
    scale = (Scale.quick if quick else Scale)(poisson=poisson, file=file)
    return replace(scale, orders=orders) if orders else scale


def _wanted(parts: str | None, *, quick: bool, baseline: bool) -> list[str]:
    if parts is None:
        left_out = ASKED_FOR - ({"baseline"} if baseline else set())
        left_out |= TOO_LONG if quick else set()
        return [name for name in PARTS if name not in left_out]
    names = [name.strip() for name in parts.split(",")]
    if unknown := [name for name in names if name not in PARTS]:
        raise typer.BadParameter(f"no part {unknown[0]!r} among {', '.join(PARTS)}")
    return names + ["baseline"] * (baseline and "baseline" not in names)


if __name__ == "__main__":
    app(prog_name="python -m loadtests.bench")
