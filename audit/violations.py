"""What can be wrong, and how it is said."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

KEPT = 1000
"""Violations of one invariant that are named; the rest is counted."""


class Invariant(StrEnum):
    I1 = "I1"
    I2 = "I2"
    I3 = "I3"
    I4 = "I4"
    I5 = "I5"
    I6 = "I6"
    I7 = "I7"
    I8 = "I8"
    I9 = "I9"
    I10 = "I10"

    @property
    def says(self) -> str:
        return _SAYS[self]


_SAYS = {
    Invariant.I1: "every accepted order can be read",
    Invariant.I2: "each order is in one terminal state, and stays there",
    Invariant.I3: "by the provider's ledger, money taken = money owed",
    Invariant.I4: "stock is conserved and never negative",
    Invariant.I5: "one mail for each thing that happened",
    Invariant.I6: "an order's events give its row",
    Invariant.I7: "every event reached every group once",
    Invariant.I8: "analytics equals a recount of the streams",
    Invariant.I9: "one key, one answer, one order",
    Invariant.I10: "a cancelled order holds no stock and no money",
}


@dataclass(frozen=True, slots=True)
class Violation:
    """One contradiction: `about` is the kind of thing (order, sku, durable …) that `name` names."""

    invariant: Invariant
    about: str
    name: str
    expected: str
    found: str


def of_order(invariant: Invariant, order_id: str, *, expected: str, found: str) -> Violation:
    return Violation(invariant, "order", order_id, expected, found)


class Findings:
    """All violations of the invariants that were asked for; a bounded number of them by name."""

    def __init__(self, wanted: Iterable[Invariant] = tuple(Invariant), *, keep: int = KEPT) -> None:
        self.wanted = frozenset(wanted)
        self.counts: Counter[Invariant] = Counter()
        self.notes: defaultdict[Invariant, list[str]] = defaultdict(list)
        self.unchecked: dict[Invariant, str] = {}
        self._kept: defaultdict[Invariant, list[Violation]] = defaultdict(list)
        self._keep = keep

    def add(self, violations: Iterable[Violation]) -> None:
        for violation in violations:
            invariant = violation.invariant
            if invariant not in self.wanted:
                continue
            self.counts[invariant] += 1
            if self.counts[invariant] <= self._keep:
                self._kept[invariant].append(violation)

    def note(self, invariant: Invariant, text: str) -> None:
        """Add what was looked at, or what is no violation and yet worth knowing."""
        self.notes[invariant].append(text)

    def skip(self, invariant: Invariant, reason: str) -> None:
        """Say that an invariant was not checked, and why."""
        self.unchecked[invariant] = reason

    def named(self, invariant: Invariant) -> list[Violation]:
        return self._kept[invariant]

    @property
    def total(self) -> int:
        return self.counts.total()
