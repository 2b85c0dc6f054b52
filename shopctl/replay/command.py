"""`python -m shopctl replay FILE`: real orders, sold again."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from shopctl.replay.pace import Pace
from shopctl.run_dir import DEFAULT


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
    # Imported here: an HTTP client takes half a second to import, which most commands do not need.
    from shopctl.replay.whole import replay_file  # noqa: PLC0415
    from shopctl.shop import find_stack  # noqa: PLC0415

    pace = Pace(limit, rate, concurrency, within)
    console = Console(highlight=False, soft_wrap=True)
    place = find_stack(run_dir, stack)
    if not replay_file(file, place, pace, left_out=left_out, console=console):
        raise typer.Exit(1)
