"""Latencies as people read them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil


@dataclass(frozen=True, slots=True)
class Percentiles:
    """In milliseconds."""

    count: int
    p50: float
    p90: float
    p99: float
    max: float


def percentile(ascending: Sequence[float], percent: float) -> float:
    """Return the smallest value that `percent` of all do not exceed (nearest rank)."""
    if not ascending:
        raise ValueError("nothing has no percentiles")
    return ascending[max(1, ceil(len(ascending) * percent / 100)) - 1]


def percentiles(seconds: Iterable[float]) -> Percentiles | None:
    """Return None for nothing."""
    ms = sorted(1000 * value for value in seconds)
    if not ms:
        return None
    p50, p90, p99 = (percentile(ms, percent) for percent in (50, 90, 99))
    return Percentiles(len(ms), p50, p90, p99, ms[-1])
