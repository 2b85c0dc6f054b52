"""What one measured run tells."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from statistics import median

from loadtests.measuring.cpu import OUTSIDE
from loadtests.measuring.percentiles import Percentiles


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """One run. Costs are CPU milliseconds an order, memory is MiB, latencies are ms.

    Attributes:
        part, label: which one, like `open` and `200/s`.
        system: whose, like `shop` or `tutorial`.
        seconds: from the first request until the last order was confirmed, mailed and counted.
        lines: of an order, on average.
        accepted_rate: orders answered a second, while they were placed.
        cost: by process; the world outside apart, in `outside`.
        memory: the mean of each process in each tenth of the run; `memory_peak` is the most
            that all had at one moment.
        groups: mean members of a group commit, by service.
        wire: bytes and messages that NATS took in and gave out, an order.
        calibration: before and after.
    """

    part: str
    label: str
    system: str = "shop"
    orders: int
    seconds: float
    lines: float
    accepted_rate: float
    cost: Mapping[str, float]
    outside: Mapping[str, float]
    latencies: Mapping[str, Percentiles] = field(default_factory=dict)
    memory: Mapping[str, list[float]] = field(default_factory=dict)
    memory_peak: float = 0.0
    groups: Mapping[str, float] = field(default_factory=dict)
    wire: Mapping[str, float] = field(default_factory=dict)
    calibration: tuple[float, float] = (0.0, 0.0)

    @property
    def rate(self) -> float:
        return self.orders / self.seconds

    @property
    def total(self) -> float:
        """The cost of one order, over all processes of the shop and its servers."""
        return sum(self.cost.values())

    @property
    def relative(self) -> float:
        """The cost in units of the calibration, in thousandths: compares unequal machines."""
        return 1000 * self.total / (sum(self.calibration) / 2)

    @property
    def by_part(self) -> dict[str, float]:
        """The cost by service and server: replicas together, Postgres's backends together."""
        return summed(self.cost)

    def memory_at(self, tenth: int) -> dict[str, float]:
        """MiB by service and server in a tenth of the run; the first is 0, the last -1."""
        return summed({name: means[tenth] for name, means in self.memory.items()})


def summed(by_process: Mapping[str, float]) -> dict[str, float]:
    """Return the sums by service and server: of replicas, and of Postgres's backends."""
    sums: dict[str, float] = {}
    for name, amount in by_process.items():
        whole = name.partition(":")[0].rpartition("-")[0] or name.partition(":")[0]
        sums[whole] = sums.get(whole, 0.0) + amount
    return sums


def divided(spent: Mapping[str, float], orders: int) -> tuple[dict[str, float], dict[str, float]]:
    """Return ms an order: the shop's and its servers', and the world outside's."""
    each = {name: 1000 * seconds / orders for name, seconds in spent.items()}
    ours = {name: cost for name, cost in each.items() if name not in OUTSIDE}
    return ours, {name: cost for name, cost in each.items() if name in OUTSIDE}


def middle(runs: list[Figures]) -> Figures:
    """Return the run whose cost is the median of all: whole, so that its parts add up."""
    wanted = median(run.total for run in runs)
    return min(runs, key=lambda run: abs(run.total - wanted))
