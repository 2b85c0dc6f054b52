"""What is asked of an audit."""

from dataclasses import dataclass
from pathlib import Path

from audit.scope import Scope
from audit.stack import Stack
from audit.violations import Invariant


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is asked of an audit.

    Attributes:
        wait_s: the longest wait for the drain.
        probe: place orders to try I9.
        sample, seed: how many orders are read over HTTP too, and which.
        repeats_allowed: a mail may have come twice, under the same Message-ID: as it may when the
            mail server's answer was lost, or who waited for it died.
        accepted: a file of order ids that a client was answered 202 for, one a line.
    """

    stack: Stack
    scope: Scope
    wanted: frozenset[Invariant] = frozenset(Invariant)
    wait_s: float = 30.0
    probe: bool = False
    sample: int = 25
    seed: int = 0
    repeats_allowed: bool = True
    accepted: Path | None = None

    def wants(self, *invariants: Invariant) -> bool:
        return not self.wanted.isdisjoint(invariants)
