"""What the buying client knows by itself: each order it asked for, and what it was told."""

import json
from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path


class Outcome(StrEnum):
    OK = "ok"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(slots=True)
class Purchase:
    """One order, wanted once, however often it is asked for; times are the loop's."""

    key: str
    body: bytes
    begun_at: float
    outcome: Outcome = Outcome.UNKNOWN
    tries: int = 0
    was_unknown: bool = False
    order_id: str = ""
    answer: bytes = b""
    answered_at: float = 0.0


@dataclass(slots=True)
class History:
    """All purchases, and what was said to the tries they took."""

    purchases: list[Purchase] = field(default_factory=list)
    statuses: Counter[str] = field(default_factory=Counter)
    contradictions: list[str] = field(default_factory=list)

    def accepted(self, purchase: Purchase, answer: bytes, *, at: float) -> None:
        """Note a 202; the same key must always be answered with the same bytes."""
        if purchase.answer and purchase.answer != answer:
            self.contradictions.append(
                f"key {purchase.key}: first {purchase.answer!r}, then {answer!r}"
            )
        purchase.outcome, purchase.answer = Outcome.OK, answer
        purchase.order_id = json.loads(answer)["order_id"]
        purchase.answered_at = purchase.answered_at or at

    @property
    def ok(self) -> list[Purchase]:
        return [it for it in self.purchases if it.outcome is Outcome.OK]

    @property
    def counts(self) -> dict[str, int]:
        found = Counter(str(it.outcome) for it in self.purchases)
        found["resolved"] = sum(it.was_unknown for it in self.ok)
        return dict(found)

    def write(self, path: Path) -> None:
        """Write one line a purchase: key, outcome, order, tries."""
        with path.open("w") as file:
            for it in self.purchases:
                line = {"key": it.key, "outcome": it.outcome, "order_id": it.order_id}
                file.write(json.dumps({**line, "tries": it.tries}) + "\n")
