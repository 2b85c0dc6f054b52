"""How fast a file is replayed, how much of it, and how long it is waited for."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pace:
    limit: int | None  # sales, from the first
    rate: float  # orders a second
    concurrency: int  # requests under way
    settle_within_s: float
