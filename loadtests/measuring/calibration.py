"""How fast this machine is just now: a fixed piece of Python work, in CPU time.

CPU time grows where neighbours share caches or a core's threads. Two runs whose calibrations differ
are compared by the ratio of cost to calibration.
"""

from statistics import median
from time import process_time

ROUNDS = 1_000_000
TRIES = 5


def calibrate() -> float:
    """Return the work's CPU time in ms, the median of five."""
    return median(_work() for _ in range(TRIES))


def _work() -> float:
    began = process_time()
    total, words = 0, {}
    for number in range(ROUNDS):
        total = (total * 31 + number) & 0xFFFFFFFF
        words[number & 1023] = total
    return (process_time() - began) * 1000
