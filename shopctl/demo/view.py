"""The demo as it runs: fits 80 by 24, and takes more where there is more."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rich import box
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from shared.events.topology import GROUPS, SUBJECTS, SUBSCRIPTIONS
from shopctl.demo.course import Course
from shopctl.lag import Lag

WIDE = 120
CONSUMERS_WIDTH = 68
NOT_HEARD = "·"
COLOURS = {
    Course.PLACED: "cyan",
    Course.RESERVED: "blue",
    Course.CONFIRMED: "green",
    Course.SHIPPED: "bright_green",
    Course.CANCELLED: "yellow",
}
DURABLES = {(it.group, it.event_type): it.durable for it in SUBSCRIPTIONS}


@dataclass(frozen=True, slots=True)
class Scene:
    """One moment of the demo."""

    doing: str
    seconds: float
    wanted: int
    placed: int
    per_second: float
    courses: Mapping[Course, int]
    latencies_s: Sequence[float]  # ascending
    lag: Lag

    @property
    def waiting(self) -> int:
        return sum(self.lag.values())


def percentile_ms(latencies_s: Sequence[float], share: float) -> str:
    """The nearest rank, as text; `latencies_s` ascends."""
    if not latencies_s:
        return "–"
    rank = min(len(latencies_s) - 1, int(share * len(latencies_s)))
    return f"{1000 * latencies_s[rank]:,.0f} ms"


def picture(scene: Scene, *, width: int) -> RenderableType:
    beside = Table.grid(expand=True)
    if width >= WIDE:
        beside.add_column(ratio=1)
        beside.add_column(width=CONSUMERS_WIDTH)
        beside.add_row(Group(_states(scene), _latency(scene)), _consumers(scene))
        return Group(_head(scene), beside)
    beside.add_row(_states(scene), _latency(scene))
    return Group(_head(scene), beside, _consumers(scene))


def line(scene: Scene) -> str:
    """The same in one line, for where there is no terminal."""
    courses = ", ".join(
        f"{scene.courses.get(course, 0):,} {course.name.lower()}" for course in Course
    )
    return (
        f"{scene.seconds:4.0f} s  {scene.placed:,}/{scene.wanted:,} ordered: {courses}; "
        f"p50 {percentile_ms(scene.latencies_s, 0.5)}, "
        f"p99 {percentile_ms(scene.latencies_s, 0.99)}; lag {scene.waiting:,}"
    )


def _head(scene: Scene) -> RenderableType:
    head = Table.grid(expand=True, padding=(0, 1))
    head.add_column(no_wrap=True)
    head.add_column(ratio=1)
    head.add_column(justify="right", no_wrap=True)
    told = f"{scene.placed:,} of {scene.wanted:,} orders  {scene.per_second:,.0f}/s"
    bar = ProgressBar(total=max(scene.wanted, 1), completed=scene.placed)
    head.add_row(Text(scene.doing, style="bold"), bar, f"{told}  {scene.seconds:.0f} s")
    return head


def _states(scene: Scene) -> RenderableType:
    table = Table.grid(expand=True, padding=(0, 1))
    table.add_column(no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    table.add_column(ratio=1)
    most = max(scene.wanted, 1)
    for course, colour in COLOURS.items():
        count = scene.courses.get(course, 0)
        bar = ProgressBar(total=most, completed=count, complete_style=colour, finished_style=colour)
        table.add_row(Text(course.name.lower(), style=colour), f"{count:,}", bar)
    return Panel(table, title="orders now", title_align="left", box=box.ROUNDED)


def _latency(scene: Scene) -> RenderableType:
    table = Table.grid(expand=True, padding=(0, 1))
    table.add_column()
    table.add_column(justify="right")
    for name, share in (("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("longest", 1.0)):
        table.add_row(name, percentile_ms(scene.latencies_s, share))
    table.add_row(Text("confirmed", style="dim"), f"{len(scene.latencies_s):,}")
    return Panel(table, title="placed to confirmed", title_align="left", box=box.ROUNDED)


def _consumers(scene: Scene) -> RenderableType:
    table = Table(box=None, expand=True, padding=(0, 1), pad_edge=False)
    table.add_column("", no_wrap=True)
    for group in GROUPS:
        table.add_column(group, justify="right", no_wrap=True)
    for event_type in SUBJECTS:
        table.add_row(event_type, *(_lag_of(scene, group, event_type) for group in GROUPS))
    title = f"events waiting for each consumer: {scene.waiting:,}"
    return Panel(table, title=title, title_align="left", box=box.ROUNDED)


def _lag_of(scene: Scene, group: str, event_type: str) -> Text:
    durable = DURABLES.get((group, event_type))
    if durable is None:
        return Text(NOT_HEARD, style="dim")
    waiting = scene.lag.get(durable, 0)
    return Text(f"{waiting:,}", style="bold yellow" if waiting else "dim green")
