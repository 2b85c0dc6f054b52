"""How much is measured."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    warm_up: int = 1_000
    orders: int = 10_000
    repeats: int = 3
    rates: tuple[float, ...] = (50.0, 200.0, 400.0)
    seconds: float = 20.0
    alone: int = 100  # orders, one at a time on an idle system
    idle_s: float = 20.0
    soak_s: float = 600.0
    soak_warm_up_s: float = 60.0  # until caches of a fixed size are full
    soak_rate: float = 200.0
    stored: int = 1_000_000
    tutorial: int = 1_000
    poisson: bool = False
    file: Path | None = None

    @classmethod
    def quick(cls, *, poisson: bool, file: Path | None) -> "Scale":
        """Two minutes: enough to see that something broke, too little to quote."""
        return cls(
            warm_up=300,
            orders=2_000,
            repeats=1,
            seconds=4.0,
            alone=40,
            idle_s=5.0,
            soak_s=20.0,
            soak_warm_up_s=5.0,
            stored=20_000,
            tutorial=200,
            poisson=poisson,
            file=file,
        )
