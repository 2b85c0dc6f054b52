"""Reads a whole file into the spool, before anything is sold."""

from pathlib import Path

from rich.console import Console

from shopctl.progress import progress
from shopctl.replay.online_retail import SaleLine, read
from shopctl.replay.source import Source, opened
from shopctl.replay.spool import Spool
from shopctl.replay.tally import Tally

LINES_A_STEP = 1_000
KB = 1 << 10


def gather(path: Path, spool: Spool, tally: Tally, console: Console) -> str:
    """Returns the content's hash; raises SourceError and HeaderError."""
    with (
        opened(path) as (source, text),
        progress(console, "Reading", total=path.stat().st_size // KB, unit="kB") as advance,
    ):
        told = 0
        for line in read(text):
            tally.count(line)
            if isinstance(line, SaleLine):
                spool.add(line)
            if tally.lines % LINES_A_STEP == 0:
                advance(_position_kb(source) - told)
                told = _position_kb(source)
        advance(_position_kb(source) - told)
        return source.sha256


def _position_kb(source: Source) -> int:
    return source.position // KB
