"""Which orders were accepted, and what became of each: an order without an end is a lost one."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TextIO

DECIDED = frozenset({"CONFIRMED", "CANCELLED", "SHIPPED"})


@dataclass(slots=True)
class Ledger:
    """Open orders stay in memory; of all, the ids go to a file for the audit."""

    path: Path
    ends: Counter[str] = field(default_factory=Counter)
    accepted: int = 0
    open: dict[str, None] = field(default_factory=dict)
    _file: TextIO | None = None

    def begin(self) -> None:
        """Forget what an earlier test left."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.ends.clear()
        self.open.clear()
        self.accepted = 0
        self._file = self.path.open("w")

    def accept(self, order_id: str) -> None:
        self.accepted += 1
        self.open[order_id] = None
        if self._file is not None:
            self._file.write(f"{order_id}\n")

    def note(self, order_id: str, status: str) -> bool:
        """Take note of what an order is now; return whether that is an end."""
        if status not in DECIDED:
            return False
        if order_id in self.open:
            del self.open[order_id]
            self.ends[status] += 1
        return True

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def __iter__(self) -> Iterator[str]:
        return iter(list(self.open))


def milliseconds(begin: str, end: str) -> float:
    """Return the time between two moments of the shop's own, RFC 3339."""
    passed = datetime.fromisoformat(end) - datetime.fromisoformat(begin)
    return passed.total_seconds() * 1000
