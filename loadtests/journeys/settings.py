"""What a load test is told by its environment, LOAD_…; `make load` sets it from its own words."""

from collections.abc import Mapping
from dataclasses import dataclass

from loadtests.journeys.shapes import SOAK_S, Shape, seconds

PLACING = "POST /orders"
CONFIRMED = "placed → confirmed"
MAILED = "placed → mailed"
LIMITS = {
    "LOAD_P99_MS": PLACING,
    "LOAD_CONFIRMED_P99_MS": CONFIRMED,
    "LOAD_MAILED_P99_MS": MAILED,
}
"""Variable → the statistic whose 99th percentile must not be above it."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The shape is None where Locust itself is told users, rate and time."""

    shape: Shape | None
    limits: Mapping[str, float]
    drain_s: float

    @property
    def is_flash(self) -> bool:
        return self.shape is not None and self.shape.name == "flash"

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> "Settings":
        """Raises ValueError where something makes no sense."""
        told = {name: value for name, value in environment.items() if value}
        return cls(
            shape=_shape(told),
            limits={stat: float(told[name]) for name, stat in LIMITS.items() if name in told},
            drain_s=seconds(told.get("LOAD_DRAIN", "60s")),
        )


def _shape(told: Mapping[str, str]) -> Shape | None:
    name = told.get("LOAD_SHAPE")
    if name is None:
        return None
    usual = f"{SOAK_S:g}" if name == "soak" else "60"
    return Shape(
        name,
        users=int(told.get("LOAD_USERS", "50")),
        rate=float(told.get("LOAD_RATE", "10")),
        time_s=seconds(told.get("LOAD_TIME", usual)),
    )
