"""The demo, in the shop that is up, and in one of its own."""

import asyncio
import io
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from rich.console import Console

from shopctl.demo.performance import perform
from shopctl.run_dir import CHECKOUT, RunDir
from shopctl.stack import Stack
from tests.integration.shopctl.traces import processes_of


async def test_orders_of_all_kinds_end_as_they_should_and_the_audit_agrees(stack: Stack) -> None:
    said = io.StringIO()

    is_good = await perform(stack, Console(file=said, width=200), orders=100, seed=7)

    assert is_good, said.getvalue()
    assert "100/100 ordered" in said.getvalue()


@pytest.fixture
def temporary() -> Iterator[Path]:
    """Unlike pytest's own, a folder that Postgres's user may pass."""
    with TemporaryDirectory(prefix="event-shop-test-") as folder:
        Path(folder).chmod(0o711)
        yield Path(folder)


async def test_ctrl_c_leaves_nothing_behind(temporary: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "shopctl", "demo", "--orders", "1000"),
        cwd=CHECKOUT,
        env={**os.environ, "TMPDIR": str(temporary)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    assert process.stdout
    while b"customers come" not in (line := await process.stdout.readline()):
        assert line, "it ended before it sold anything"
    [place] = temporary.glob("event-shop-demo-*")

    process.send_signal(signal.SIGINT)
    said, _ = await process.communicate()

    assert process.returncode not in {0, None}
    assert b"Stopped." in said
    assert processes_of(RunDir.at(temporary)) == []
    assert not place.exists()
