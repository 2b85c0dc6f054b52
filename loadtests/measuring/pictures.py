"""The results as pictures: cost against rate, latency, CPU by process, an order's way."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")  # no screen is needed

from matplotlib import pyplot as plt

from loadtests.measuring.figures import Figures
from loadtests.measuring.report import PARTS
from loadtests.measuring.results import Results
from loadtests.measuring.run import STAGES

SIZE = (7, 3.2)
PERCENTILES = ("p50", "p90", "p99")
LATENCIES = ("accepted", "accepted → confirmed", "accepted → mailed")
SMALL: Any = {
    "svg.fonttype": "none",  # text stays text: small files that can be searched
    "svg.hashsalt": "bench",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
}


def draw(results: Results, folder: Path) -> list[Path]:
    """Write those pictures for which there are figures."""
    folder.mkdir(parents=True, exist_ok=True)
    pictures: dict[str, tuple[Callable[[Any, list[Figures]], None], list[Figures]]] = {
        "cost-by-rate": (cost_by_rate, [*results.of("open"), *_saturated(results)]),
        "latency": (latency, results.of("open")),
        "cpu-by-process": (cpu_by_process, [it for it in results.told if it.orders]),
        "an-orders-way": (an_orders_way, results.of("alone")),
    }
    drawn = []
    for name, (paint, figures) in pictures.items():
        if figures:
            drawn.append(_drawn(folder / f"{name}.svg", paint, figures))
    return drawn


def cost_by_rate(axes: Any, runs: list[Figures]) -> None:
    ascending = sorted(runs, key=lambda it: it.rate)
    rates = [it.rate for it in ascending]
    stacked = [[it.by_part.get(name, 0.0) for it in ascending] for name in PARTS]
    axes.stackplot(rates, stacked, labels=PARTS, alpha=0.85, linewidth=0)
    axes.plot(rates, [it.total for it in ascending], "ko", markersize=3)
    axes.set(xlabel="orders/s (the last: saturation)", ylabel="CPU ms an order", ylim=(0, None))
    axes.legend(fontsize=7, ncols=2)


def latency(axes: Any, runs: list[Figures]) -> None:
    """One group of bars a rate, one bar a percentile, for each stretch of the way."""
    width = 0.8 / len(PERCENTILES)
    places = [(it, what) for what in LATENCIES for it in runs]
    for number, name in enumerate(PERCENTILES):
        heights = [
            getattr(found, name) if (found := it.latencies.get(what)) else 0.0
            for it, what in places
        ]
        left = [place + (number - 1) * width for place in range(len(places))]
        axes.bar(left, heights, width, label=name)
    axes.set_xticks(range(len(places)), [f"{it.label}\n{what}" for it, what in places], fontsize=6)
    axes.set_ylabel("ms")
    axes.legend(fontsize=7)


def cpu_by_process(axes: Any, runs: list[Figures]) -> None:
    names = [f"{it.part} {it.label}" for it in runs]
    left = [0.0] * len(runs)
    for name in PARTS:
        widths = [it.by_part.get(name, 0.0) for it in runs]
        axes.barh(names, widths, left=left, label=name)
        left = [before + width for before, width in zip(left, widths, strict=True)]
    axes.invert_yaxis()
    axes.set_xlabel("CPU ms an order")
    axes.legend(fontsize=7, ncols=4, loc="lower right")


def an_orders_way(axes: Any, runs: list[Figures]) -> None:
    """The medians of when each event came by, one after the other."""
    found = runs[0].latencies
    named = {"answered": "accepted", **{name: f"sent → {name}" for name in STAGES}}
    named["mailed"] = "due → mailed"
    steps = [(name, found[what].p50) for name, what in named.items() if what in found]
    for row, (_, at) in enumerate(steps):
        axes.barh(row, at, color="tab:blue", alpha=0.8)
        axes.text(at, row, f" {at:.1f} ms", va="center", fontsize=8)
    axes.set_yticks(range(len(steps)), [name for name, _ in steps])
    axes.invert_yaxis()
    axes.set_xlabel("ms since the request, median, on an idle shop")


def _saturated(results: Results) -> Sequence[Figures]:
    return [it for it in results.told if it.part == "saturation"]


def _drawn(path: Path, paint: Callable[[Any, list[Figures]], None], figures: list[Figures]) -> Path:
    with mpl.rc_context(SMALL):
        figure, axes = plt.subplots(figsize=SIZE, layout="constrained")
        paint(axes, figures)
        figure.savefig(path, metadata={"Date": None})
        plt.close(figure)
    return path
