"""The results as pictures: cost against rate, latency, CPU by process, an order's way, memory."""

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
COMPARED = frozenset({"saturation", "real", "growth", "replicas"})
"""Those whose costs are of one size: alone, an order takes many times as much; cost against rate
has a picture of its own."""
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
        "cpu-by-process": (cpu_by_process, [it for it in results.told if it.part in COMPARED]),
        "baseline": (cpu_by_process, [*_saturated(results), *results.of("baseline")]),
        "an-orders-way": (an_orders_way, results.of("alone")),
        "memory": (memory, results.of("soak")),
    }
    drawn = []
    for name, (paint, figures) in pictures.items():
        if figures and (name != "baseline" or results.of("baseline")):
            drawn.append(_drawn(folder / f"{name}.svg", paint, figures))
    return drawn


def cost_by_rate(figure: Any, runs: list[Figures]) -> None:
    axes = figure.subplots()
    ascending = sorted(runs, key=lambda it: it.rate)
    rates = [it.rate for it in ascending]
    stacked = [[it.by_part.get(name, 0.0) for it in ascending] for name in PARTS]
    axes.stackplot(rates, stacked, labels=PARTS, alpha=0.85, linewidth=0)
    axes.plot(rates, [it.total for it in ascending], "ko", markersize=3)
    axes.set(xlabel="orders/s (the last: saturation)", ylabel="CPU ms an order", ylim=(0, None))
    axes.legend(fontsize=7, ncols=2)


def latency(figure: Any, runs: list[Figures]) -> None:
    """A panel for each stretch of the way; in it a group of bars a rate, a bar a percentile."""
    panels = figure.subplots(1, len(LATENCIES), sharey=True)
    width = 0.8 / len(PERCENTILES)
    for axes, what in zip(panels, LATENCIES, strict=True):
        for number, name in enumerate(PERCENTILES):
            heights = [getattr(it.latencies[what], name) for it in runs]
            left = [place + (number - 1) * width for place in range(len(runs))]
            axes.bar(left, heights, width, label=name)
        axes.set_xticks(range(len(runs)), [it.label for it in runs])
        axes.set_title(what, fontsize=9)
    panels[0].set_ylabel("ms")
    panels[0].legend(fontsize=7)


def cpu_by_process(figure: Any, runs: list[Figures]) -> None:
    axes = figure.subplots()
    names = [f"{it.part} {it.label}" for it in runs]
    left = [0.0] * len(runs)
    for name in PARTS:
        widths = [it.by_part.get(name, 0.0) for it in runs]
        axes.barh(names, widths, left=left, label=name)
        left = [before + width for before, width in zip(left, widths, strict=True)]
    axes.invert_yaxis()
    axes.set_xlabel("CPU ms an order")
    _name_parts(figure)


def an_orders_way(figure: Any, runs: list[Figures]) -> None:
    """The medians of when each event came by, one after the other."""
    axes = figure.subplots()
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


def memory(figure: Any, runs: list[Figures]) -> None:
    """What the soak's processes had in each tenth of its time."""
    axes = figure.subplots()
    soak = runs[0]
    tenths = range(len(next(iter(soak.memory.values()))))
    by_part = [soak.memory_at(tenth) for tenth in tenths]
    minutes = [(tenth + 0.5) * soak.seconds / 60 / len(tenths) for tenth in tenths]
    stacked = [[it.get(name, 0.0) for it in by_part] for name in PARTS]
    axes.stackplot(minutes, stacked, labels=PARTS, alpha=0.85, linewidth=0)
    axes.set(xlabel=f"minutes at {soak.label}", ylabel="MiB", ylim=(0, None))
    _name_parts(figure)


def _name_parts(figure: Any) -> None:
    figure.legend(fontsize=7, ncols=len(PARTS), loc="outside upper center", columnspacing=1.0)


def _saturated(results: Results) -> Sequence[Figures]:
    return [it for it in results.told if it.part == "saturation"]


def _drawn(path: Path, paint: Callable[[Any, list[Figures]], None], figures: list[Figures]) -> Path:
    with mpl.rc_context(SMALL):
        figure = plt.figure(figsize=SIZE, layout="constrained")
        paint(figure, figures)
        figure.savefig(path, metadata={"Date": None})
        plt.close(figure)
    return path
