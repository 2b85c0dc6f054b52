"""Real orders, read from an Online Retail file as the replay reads them."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console

from loadtests.measuring.orders import Basket
from shopctl.catalogue_file import Product
from shopctl.replay.gathering import gather
from shopctl.replay.online_retail import LeftOut
from shopctl.replay.posting import CURRENCY, body_of
from shopctl.replay.spool import Spool
from shopctl.replay.tally import Tally

__all__ = ["CURRENCY", "sales"]


@contextmanager
def sales(file: Path, folder: Path) -> Iterator[tuple[list[Product], Basket]]:
    """The goods that the file's sales need, and their bodies; raises SourceError, HeaderError."""
    with Spool() as spool:
        gather(file, spool, Tally(), Console(file=io.StringIO()))
        path, count, lines = folder / "real.jsonl", 0, 0
        with path.open("wb") as bodies:
            for sale in spool.sales(None):
                body = body_of(sale, spool)
                if isinstance(body, LeftOut):
                    continue
                bodies.write(body + b"\n")
                count, lines = count + 1, lines + sale.lines
        yield list(spool.products()), Basket(path, count, lines / max(1, count))
