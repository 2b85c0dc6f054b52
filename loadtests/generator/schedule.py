"""When orders are due in an open loop: fixed beforehand, whatever the shop does."""

from collections.abc import Iterator
from random import Random


def evenly(count: int, rate: float) -> Iterator[float]:
    """Yield `count` times from 0, in seconds, `rate` in each."""
    return (number / rate for number in range(count))


def at_random(count: int, rate: float, chance: Random) -> Iterator[float]:
    """Yield the arrivals of customers who know nothing of each other (a Poisson process)."""
    due = 0.0
    for _ in range(count):
        due += chance.expovariate(rate)
        yield due
