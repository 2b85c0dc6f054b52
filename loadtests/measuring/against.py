"""Two versions alternately in one run: the project's own guard against getting slower."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table

from loadtests.measuring.figures import Figures
from loadtests.measuring.parts import CLOSED, bench
from loadtests.measuring.run import Load
from loadtests.measuring.scale import Scale
from loadtests.measuring.systems import SHOP, BenchError, System
from shopctl.run_dir import CHECKOUT

ROUNDS = 3


@dataclass(frozen=True, slots=True)
class Comparison:
    """The runs of each side, in the order in which they were measured."""

    before: list[Figures]
    after: list[Figures]

    @property
    def ratio(self) -> float:
        """Cost after to cost before: under 1 is cheaper."""
        return _cost(self.after) / _cost(self.before)

    @property
    def steady_ratio(self) -> float:
        """The same, each run in units of its own calibration."""
        after, before = ([it.relative for it in side] for side in (self.after, self.before))
        return median(after) / median(before)


async def compare(ref: str, scale: Scale, console: Console) -> Comparison:
    """Measure the ref and this checkout in turn; each run on a fresh stack, with its own audit."""
    rounds = max(2, min(ROUNDS, scale.repeats))
    comparison = Comparison([], [])
    async with checked_out(ref) as checkout:
        before = System(ref, checkout)
        for number in range(1, rounds + 1):
            for system, runs in ((before, comparison.before), (SHOP, comparison.after)):
                console.print(f"[bold]{number} of {rounds}: {system.name}[/]")
                runs.append(await _measured(system, scale, console))
    _show(ref, comparison, console)
    return comparison


@asynccontextmanager
async def checked_out(ref: str) -> AsyncIterator[Path]:
    """A worktree of the ref in a temporary folder; raises BenchError if there is no such ref."""
    with tempfile.TemporaryDirectory(prefix="event-shop-against-") as folder:
        place = Path(folder) / "checkout"
        await _git("worktree", "add", "--detach", str(place), ref)
        try:
            yield place
        finally:
            await _git("worktree", "remove", "--force", str(place))


async def _measured(system: System, scale: Scale, console: Console) -> Figures:
    def tell(text: str) -> None:
        console.print(text, markup=False)

    async with bench(system, scale, tell) as it:
        load = Load(part="against", label=CLOSED)
        figures = await it.measure(load, it.basket(scale.orders))
    tell(f"  {figures.total:.2f} ms an order, {figures.rate:,.0f} orders/s")
    return figures


async def _git(*words: str) -> None:
    process = await asyncio.create_subprocess_exec(
        "git", *words, cwd=CHECKOUT, stdout=-3, stderr=asyncio.subprocess.PIPE
    )
    _, complaint = await process.communicate()
    if process.returncode:
        raise BenchError(f"git {words[0]} {words[1]}: {complaint.decode().strip()}")


def _cost(runs: list[Figures]) -> float:
    return median(it.total for it in runs)


def _show(ref: str, comparison: Comparison, console: Console) -> None:
    table = Table(box=None, pad_edge=False)
    for heading in ("", "ms/order, median", "all", "orders/s"):
        table.add_column(heading, justify="left" if not heading else "right")
    for name, runs in ((ref, comparison.before), ("this checkout", comparison.after)):
        every = ", ".join(f"{it.total:.2f}" for it in runs)
        table.add_row(name, f"{_cost(runs):.3f}", every, f"{median(it.rate for it in runs):,.0f}")
    console.print("", table)
    console.print(
        f"\nratio {comparison.ratio:.3f} ({comparison.steady_ratio:.3f} by calibration): "
        f"this checkout costs {100 * (comparison.ratio - 1):+.1f} % an order"
    )
