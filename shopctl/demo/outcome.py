"""How the demo's orders ended, beside how they should."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from rich.table import Table

from shared.events import CancelReason
from shopctl.demo.course import Course
from shopctl.demo.shoppers import HABITS, Habit

End = Course | CancelReason | None  # None: nothing was heard of it
COLUMNS: dict[str, End] = {
    "confirmed": Course.CONFIRMED,
    "shipped": Course.SHIPPED,
    "no stock": CancelReason.OUT_OF_STOCK,
    "unpaid": CancelReason.PAYMENT_FAILED,
    "called off": CancelReason.CUSTOMER_REQUEST,
}


@dataclass(slots=True)
class Outcome:
    ends: dict[Habit, Counter[End]] = field(default_factory=dict)

    @classmethod
    def of(cls, ended: Iterable[tuple[Habit, End]]) -> "Outcome":
        outcome = cls()
        for habit, end in ended:
            outcome.ends.setdefault(habit, Counter())[end] += 1
        return outcome

    @property
    def strange(self) -> list[str]:
        """Who ended otherwise than their habit says, in words."""
        return [
            f"{count:,} of those who {habit.named} ended as {_word(end)}"
            for habit, ends in self.ends.items()
            for end, count in ends.items()
            if end not in habit.ends
        ]

    def table(self) -> Table:
        table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0))
        table.add_column("customers who", no_wrap=True)
        for heading in ("orders", *COLUMNS):
            table.add_column(heading, justify="right")
        for habit in HABITS:
            if ends := self.ends.get(habit):
                table.add_row(habit.named, *_counts(ends))
        table.add_row("in all", *_counts(sum(self.ends.values(), Counter())), style="bold")
        return table


def _counts(ends: Counter[End]) -> list[str]:
    counts = (ends.total(), *(ends[end] for end in COLUMNS.values()))
    return [f"{count:,}" if count else "" for count in counts]


def _word(end: End) -> str:
    return "never heard of" if end is None else end.name
