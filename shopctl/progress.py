"""How far a long job is: a bar on a terminal, a line now and then elsewhere."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn, TimeElapsedColumn
from rich.text import Text

LINE_EVERY_S = 5.0
LINES = 10  # on a short job: one for each tenth

Advance = Callable[[int], None]  # by how many


@contextmanager
def progress(console: Console, doing: str, *, total: int, unit: str) -> Iterator[Advance]:
    if not console.is_terminal:
        yield _Lines(console, doing, total=total, unit=unit).advance
        return
    columns = (TextColumn("{task.description}"), BarColumn(), _Amount(unit), _Speed(unit))
    with Progress(*columns, TimeElapsedColumn(), console=console) as bar:
        task = bar.add_task(doing, total=total)
        yield lambda by: bar.advance(task, by)


class _Lines:
    def __init__(self, console: Console, doing: str, *, total: int, unit: str) -> None:
        self._console = console
        self._doing = doing
        self._total = total
        self._unit = unit
        self._done = 0
        self._told = 0
        self._next_s = monotonic() + LINE_EVERY_S

    def advance(self, by: int) -> None:
        self._done += by
        is_tenth = self._done - self._told >= self._total / LINES
        is_end = self._done >= self._total > self._told
        if not is_end and (not is_tenth or monotonic() < self._next_s):
            return
        share = 100 * self._done // max(self._total, 1)
        self._console.print(
            f"{self._doing}: {self._done:,} of {self._total:,} {self._unit} ({share} %)"
        )
        self._told = self._done
        self._next_s = monotonic() + LINE_EVERY_S


class _Amount(ProgressColumn):
    def __init__(self, unit: str) -> None:
        super().__init__()
        self._unit = unit

    def render(self, task: Task) -> Text:
        return Text(f"{task.completed:,.0f} of {task.total or 0:,.0f} {self._unit}")


class _Speed(ProgressColumn):
    def __init__(self, unit: str) -> None:
        super().__init__()
        self._unit = unit

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text(f"{speed:,.0f} {self._unit}/s" if speed else "")
