import io

import pytest
from rich.console import Console

from shopctl import progress as module
from shopctl.progress import progress


def told(*steps: int, total: int) -> list[str]:
    output = io.StringIO()
    with progress(Console(file=output), "Selling", total=total, unit="orders") as advance:
        for step in steps:
            advance(step)
    return output.getvalue().splitlines()


def test_a_short_job_is_one_line_at_its_end() -> None:
    assert told(*[1] * 50, total=50) == ["Selling: 50 of 50 orders (100 %)"]


def test_a_long_job_is_a_line_for_each_tenth(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LINE_EVERY_S", 0.0)

    lines = told(*[1] * 1000, total=1000)

    assert len(lines) == 10
    assert lines[0] == "Selling: 100 of 1,000 orders (10 %)"


def test_the_end_is_told_once() -> None:
    assert told(50, 0, 0, total=50) == ["Selling: 50 of 50 orders (100 %)"]


def test_nothing_to_do_is_nothing_to_tell() -> None:
    assert told(0, total=0) == []


def test_a_terminal_shows_a_bar() -> None:
    output = io.StringIO()
    console = Console(file=output, force_terminal=True, width=100, color_system=None)

    with progress(console, "Selling", total=10, unit="orders") as advance:
        advance(10)

    assert "10 of 10 orders" in output.getvalue()
