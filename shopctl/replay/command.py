"""`python -m shopctl replay FILE`: real orders, sold again."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from shopctl.interrupts import all_like_ctrl_c
from shopctl.replay import report
from shopctl.replay.gathering import gather
from shopctl.replay.rerun import Books, Pace, rerun
from shopctl.replay.spool import Spool
from shopctl.replay.tally import Tally, tally_with_details
from shopctl.run_dir import DEFAULT
from shopctl.shop import find_stack, shop_of
from shopctl.stack_file import StackFile


def replay(
    file: Annotated[Path, typer.Argument(help="Online Retail as CSV, plain or gzipped.")],
    *,
    rate: Annotated[float, typer.Option(min=0.1, help="Orders a second.")] = 200.0,
    limit: Annotated[
        int | None, typer.Option(min=1, help="Only the first sales.", show_default=False)
    ] = None,
    concurrency: Annotated[int, typer.Option(min=1, max=200, help="Requests under way.")] = 32,
    within: Annotated[
        float, typer.Option(min=0, help="Seconds to wait at the end for the last confirmation.")
    ] = 180.0,
    left_out: Annotated[
        Path | None,
        typer.Option(help="Write each line that is no sale to this CSV.", show_default=False),
    ] = None,
    run_dir: Annotated[
        Path, typer.Option(help="Of the stack to sell to.", show_default=False)
    ] = DEFAULT,
    stack: Annotated[
        Path | None, typer.Option(help="The stack's file, wherever it is.", show_default=False)
    ] = None,
) -> None:
    """Sell the orders of an Online Retail file; exit 1 unless revenue is right to the cent.

    Run again after a break it goes on: the same sale is never ordered twice.
    """
    console = Console(highlight=False, soft_wrap=True)
    pace = Pace(limit, rate, concurrency, within)
    found = find_stack(run_dir, stack)
    with all_like_ctrl_c(), Spool() as spool, tally_with_details(left_out) as tally:
        file_hash = gather(file, spool, tally, console)
        report.show_file(console, tally, spool.totals())
        books = asyncio.run(_rerun(found, spool, tally, file_hash, pace=pace, console=console))
        report.show_left_out(console, tally)
        report.show_books(console, books)
    if not books.are_equal:
        raise typer.Exit(1)


async def _rerun(
    stack: StackFile, spool: Spool, tally: Tally, file_hash: str, *, pace: Pace, console: Console
) -> Books:
    async with shop_of(stack) as shop:
        return await rerun(shop, spool, tally, file_hash=file_hash, pace=pace, console=console)
