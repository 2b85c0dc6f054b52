"""What was left out of a replay: all of it counted, the first of each kind told."""

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import TextIO

from shopctl.errors import ShopctlError
from shopctl.replay.online_retail import Kind, LeftOut, SaleLine

TOLD = 5


class DetailsError(ShopctlError):
    def __init__(self, path: Path, error: OSError) -> None:
        super().__init__(f"{path}: {error.strerror}")


@dataclass(slots=True)
class KindTally:
    count: int = 0
    first: list[LeftOut] = field(default_factory=list)


@dataclass(slots=True)
class Tally:
    lines: int = 0
    rounded: int = 0
    rounding: Decimal = Decimal(0)  # what the rounding of prices adds to the file's sum
    first_day: str = ""
    last_day: str = ""
    left_out: dict[Kind, KindTally] = field(default_factory=dict)
    details: TextIO | None = None  # all of it, as CSV

    def count(self, line: SaleLine | LeftOut) -> None:
        self.lines += 1
        if isinstance(line, LeftOut):
            self.leave_out(line)
            return
        day = line.day.isoformat()
        self.first_day = min(self.first_day or day, day)
        self.last_day = max(self.last_day, day)
        if difference := line.rounding:
            self.rounded += 1
            self.rounding += difference

    def leave_out(self, what: LeftOut) -> None:
        tally = self.left_out.setdefault(what.kind, KindTally())
        tally.count += 1
        if len(tally.first) < TOLD:
            tally.first.append(what)
        if self.details is not None:
            csv.writer(self.details).writerow((what.line, what.kind, what.reason))


@contextmanager
def tally_with_details(path: Path | None) -> Iterator[Tally]:
    """A tally that also writes each entry to the file, if one is named; raises DetailsError."""
    if path is None:
        yield Tally()
        return
    try:
        details = path.open("w", encoding="utf-8", newline="")
    except OSError as error:
        raise DetailsError(path, error) from None
    with details:
        csv.writer(details).writerow(("line", "kind", "reason"))
        yield Tally(details=details)
