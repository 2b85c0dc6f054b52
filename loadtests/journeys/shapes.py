"""How many users there are at a time: plain functions, which Locust is told by."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from math import ceil
from types import MappingProxyType

STEPS = 5
SPIKE = (0.4, 0.6)  # of the time
QUIET = 0.2  # of the users, outside the spike
WAITING = 0.1  # of the users, before the flash sale begins
SALE_AT = 0.25  # of the time
SOAK_S = 600.0

UNITS = {"": 1, "s": 1, "m": 60, "h": 3600}
SPAN = re.compile(r"(\d+(?:\.\d+)?)([smh]?)")

Curve = Callable[[float], float]
"""The share of all users at a share of the whole time, both from 0 to 1."""


def steady(_at: float) -> float:
    return 1.0


def steps(at: float) -> float:
    """Five stairs: where the stairs of latency begin, there is the limit."""
    return min(STEPS, int(at * STEPS) + 1) / STEPS


def spike(at: float) -> float:
    """Quiet, then everybody, then quiet again."""
    begin, end = SPIKE
    return 1.0 if begin <= at < end else QUIET


def flash(at: float) -> float:
    """Some wait before the door; at its opening all are there, for one product."""
    return 1.0 if at >= SALE_AT else WAITING


CURVES: MappingProxyType[str, Curve] = MappingProxyType(
    {"steady": steady, "steps": steps, "spike": spike, "flash": flash, "soak": steady}
)
SUDDEN = frozenset({"spike", "flash"})


@dataclass(frozen=True, slots=True)
class Shape:
    """A curve, stretched to a number of users and a time in seconds."""

    name: str
    users: int
    rate: float  # users that begin in a second, where it is not sudden
    time_s: float

    def __post_init__(self) -> None:
        if self.name not in CURVES:
            raise ValueError(f"no shape {self.name!r} among {', '.join(CURVES)}")

    def at(self, second: float) -> tuple[int, float] | None:
        """Return users and how many may begin in a second; None when the time is over."""
        if second >= self.time_s:
            return None
        users = ceil(self.users * CURVES[self.name](second / self.time_s))
        return users, float(self.users) if self.name in SUDDEN else self.rate


def seconds(text: str) -> float:
    """Read 90, 90s, 2m or 1h; ValueError for anything else."""
    if not (span := SPAN.fullmatch(text.strip())):
        raise ValueError(f"not a time: {text!r}, want 90, 90s, 2m or 1h")
    return float(span[1]) * UNITS[span[2]]
