"""A replay from the file to the verdict."""

import asyncio
from pathlib import Path

from rich.console import Console

from shopctl.interrupts import all_like_ctrl_c
from shopctl.replay import report
from shopctl.replay.gathering import gather
from shopctl.replay.pace import Pace
from shopctl.replay.rerun import Books, rerun
from shopctl.replay.spool import Spool
from shopctl.replay.tally import Tally, tally_with_details
from shopctl.shop import shop_of
from shopctl.stack_file import StackFile


def replay_file(
    path: Path, stack: StackFile, pace: Pace, *, left_out: Path | None, console: Console
) -> bool:
    """True if the shop's revenue is the file's; all else it tells itself."""
    with all_like_ctrl_c(), Spool() as spool, tally_with_details(left_out) as tally:
        file_hash = gather(path, spool, tally, console)
        report.show_file(console, tally, spool.totals())
        try:
            books = asyncio.run(_rerun(stack, spool, tally, file_hash, pace=pace, console=console))
        except KeyboardInterrupt:
            console.print("Broken off. The same command goes on from here.")
            raise
        report.show_left_out(console, tally)
        report.show_books(console, books)
    return books.are_equal


async def _rerun(
    stack: StackFile, spool: Spool, tally: Tally, file_hash: str, *, pace: Pace, console: Console
) -> Books:
    async with shop_of(stack) as shop:
        return await rerun(shop, spool, tally, file_hash=file_hash, pace=pace, console=console)
