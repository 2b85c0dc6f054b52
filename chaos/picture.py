"""The time line of a run as a picture: orders a second, lag, and the faults as bars."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")  # no screen is needed

from matplotlib import pyplot as plt

from chaos.observer import Sample
from chaos.stage import Mark

SIZE = (11, 5)
SMOOTH = 2  # samples: one second


def draw(path: Path, title: str, samples: Sequence[Sample], marks: Sequence[Mark]) -> None:
    """Write the picture; the kind (SVG, PNG) is the name's ending."""
    if len(samples) < SMOOTH + 1:
        return
    zero = samples[0].at
    figure, (rates, lag) = plt.subplots(
        2, 1, sharex=True, figsize=SIZE, height_ratios=(3, 1), layout="constrained"
    )
    for name, colour in (("accepted", "tab:blue"), ("confirmed", "tab:green")):
        rates.plot(*_rate(samples, name, zero), label=name, color=colour, linewidth=1.3)
    rates.set_ylabel("orders/s")
    lag.plot(
        [it.at - zero for it in samples],
        [float("nan") if it.lag is None else it.lag for it in samples],
        color="tab:purple",
        linewidth=1.2,
    )
    lag.set_ylabel("lag, events")
    lag.set_xlabel("seconds")
    for axes in (rates, lag):
        axes.set_ylim(bottom=0)
        axes.grid(alpha=0.25)
        for mark in marks:
            axes.axvspan(
                mark.begun_at - zero,
                max(mark.ended_at, mark.begun_at + 0.15) - zero,
                color="tab:red",
                alpha=0.18,
                linewidth=0,
            )
    for mark in marks:
        rates.annotate(
            mark.name,
            (mark.begun_at - zero, 0.98),
            xycoords=("data", "axes fraction"),
            rotation=90,
            fontsize=7,
            color="tab:red",
            va="top",
            ha="right",
        )
    rates.legend(loc="upper right", fontsize=8)
    rates.set_title(title, loc="left", fontsize=10)
    figure.savefig(path)
    plt.close(figure)


def _rate(samples: Sequence[Sample], name: str, zero: float) -> tuple[list[float], list[float]]:
    """Return times and orders a second; a gap where the shop could not be asked."""
    known = [(it.at, getattr(it, name)) for it in samples]
    pairs = zip(known, known[SMOOTH:], strict=False)
    times, rates = [], []
    for (before, count), (now, later) in pairs:
        times.append(now - zero)
        unknown = count is None or later is None
        rates.append(float("nan") if unknown else (later - count) / (now - before))
    return times, rates
