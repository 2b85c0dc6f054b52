"""The results as tables."""

from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Table

from loadtests.measuring.figures import Figures
from loadtests.measuring.results import Results

COLUMNS = ("part", "load", "orders", "orders/s", "ms/order", "MiB", "begin, end", "calibration ms")
PARTS = ("order", "inventory", "payment", "email", "analytics", "postgres", "nats", "redis")
MEMORY = ("soak", "when", *PARTS, "all")
ENDS = (0, -1)


def show(results: Results, console: Console) -> None:
    console.print(f"{results.machine}, {results.at:%Y-%m-%d %H:%M} UTC\n")
    tables = (
        ("Cost, medians of repeated runs", COLUMNS, map(summary, results.told)),
        ("CPU by process, ms/order", ("part", "load", *PARTS), map(costs, results.told)),
        ("Group commits, members", ("part", "load", *PARTS[:5]), map(groups, results.told)),
        (
            "Through NATS, an order",
            ("part", "load", "kB in", "kB out", "in", "out"),
            wires(results),
        ),
        ("Memory, MiB", MEMORY, memories(results)),
        ("Latency, ms", ("load", "what", "n", "p50", "p90", "p99", "max"), latencies(results)),
    )
    for title, columns, rows in tables:
        if found := list(rows):
            console.print(_table(title, columns, found), "")


def summary(it: Figures) -> tuple[str, ...]:
    fast = f"{it.calibration[0]:.0f}, {it.calibration[1]:.0f}"
    name = it.part if it.system == "shop" else f"{it.part}: {it.system}"
    rate = f"{it.rate:,.0f}" if it.orders else ""
    cost = f"{it.total:.2f}" if it.orders else ""
    memory = f"{it.memory_peak:,.0f}" if it.memory_peak else ""
    ends = ", ".join(f"{sum(it.memory_at(end).values()):,.0f}" for end in ENDS) if memory else ""
    return (name, it.label, f"{it.orders:,}", rate, cost, memory, ends, fast)


def costs(it: Figures) -> tuple[str, ...]:
    by_part = it.by_part
    return (it.part, it.label, *(f"{by_part.get(name, 0):.3f}" for name in PARTS))


def memories(results: Results) -> Iterable[tuple[str, ...]]:
    """Of the soak, where it tells what grows."""
    for it in results.of("soak"):
        for name, tenth in zip(("first tenth", "last tenth"), ENDS, strict=True):
            used = it.memory_at(tenth)
            each = (used.get(part, 0.0) for part in PARTS)
            yield (it.label, name, *(f"{mib:,.0f}" for mib in (*each, sum(used.values()))))


def groups(it: Figures) -> tuple[str, ...]:
    return (it.part, it.label, *(f"{it.groups.get(name, 0):.1f}" for name in PARTS[:5]))


def wires(results: Results) -> Iterable[tuple[str, ...]]:
    for it in results.told:
        if wire := it.wire:
            kilobytes = (f"{wire[name] / 1000:.1f}" for name in ("in_bytes", "out_bytes"))
            messages = (f"{wire[name]:.1f}" for name in ("in_msgs", "out_msgs"))
            yield (it.part, it.label, *kilobytes, *messages)


def latencies(results: Results) -> Iterable[tuple[str, ...]]:
    for it in results.told:
        for what, found in it.latencies.items():
            values = (found.p50, found.p90, found.p99, found.max)
            load = f"{it.part} {it.label}"
            yield (load, what, f"{found.count:,}", *(f"{value:.1f}" for value in values))


def _table(title: str, columns: Sequence[str], rows: Sequence[tuple[str, ...]]) -> Table:
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    for number, heading in enumerate(columns):
        table.add_column(heading, justify="left" if number < 2 else "right", no_wrap=True)
    for row in rows:
        table.add_row(*row)
    return table
