"""The time line of a run as a picture: orders a second, lag, and the strikes as bars."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")  # no screen is needed

from matplotlib import pyplot as plt

from chaos.observer import Sample
from chaos.stage import Mark

SIZE = (11, 5)
SPAN = 2  # samples that a rate is taken over: one second
LEAST_WIDTH_S = 0.15
UNKNOWN = float("nan")  # leaves a gap
RATES = (("accepted", "tab:blue"), ("confirmed", "tab:green"))


def draw(path: Path, title: str, samples: Sequence[Sample], marks: Sequence[Mark]) -> None:
    """Write the picture; the kind (SVG, PNG) is the name's ending."""
    if len(samples) <= SPAN:
        return
    figure, (rates, lag) = plt.subplots(
        2, 1, sharex=True, figsize=SIZE, height_ratios=(3, 1), layout="constrained"
    )
    zero = samples[0].at
    _draw_rates(rates, samples, zero)
    _draw_lag(lag, samples, zero)
    for mark in marks:
        _draw_mark((rates, lag), mark, zero)
    rates.set_title(title, loc="left", fontsize=10)
    figure.savefig(path)
    plt.close(figure)


def _draw_rates(axes: Any, samples: Sequence[Sample], zero: float) -> None:
    for name, colour in RATES:
        axes.plot(*_rate(samples, name, zero), label=name, color=colour, linewidth=1.3)
    axes.set_ylabel("orders/s")
    axes.legend(loc="upper right", fontsize=8)
    _frame(axes)


def _draw_lag(axes: Any, samples: Sequence[Sample], zero: float) -> None:
    times = [it.at - zero for it in samples]
    lag = [UNKNOWN if it.lag is None else it.lag for it in samples]
    axes.plot(times, lag, color="tab:purple", linewidth=1.2)
    axes.set_ylabel("lag, events")
    axes.set_xlabel("seconds")
    _frame(axes)


def _draw_mark(both: Sequence[Any], mark: Mark, zero: float) -> None:
    begin, end = mark.begun_at - zero, max(mark.ended_at, mark.begun_at + LEAST_WIDTH_S) - zero
    for axes in both:
        axes.axvspan(begin, end, color="tab:red", alpha=0.18, linewidth=0)
    both[0].annotate(
        mark.name,
        (begin, 0.98),
        xycoords=("data", "axes fraction"),
        rotation=90,
        fontsize=7,
        color="tab:red",
        va="top",
        ha="right",
    )


def _frame(axes: Any) -> None:
    axes.set_ylim(bottom=0)
    axes.grid(alpha=0.25)


def _rate(samples: Sequence[Sample], name: str, zero: float) -> tuple[list[float], list[float]]:
    """Return times and orders a second; a gap where the shop could not be asked."""
    known = [(it.at, getattr(it, name)) for it in samples]
    times, rates = [], []
    for (before, count), (now, later) in zip(known, known[SPAN:], strict=False):
        times.append(now - zero)
        is_gap = count is None or later is None
        rates.append(UNKNOWN if is_gap else (later - count) / (now - before))
    return times, rates
