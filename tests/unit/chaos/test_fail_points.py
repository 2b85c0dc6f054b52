"""A process dies where it is told to, and nowhere else."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from chaos.failpoints.points import POINTS_OF
from chaos.failpoints.switch import Switch, arm, marker_of
from chaos.planted.bugs import BUGS
from shared.events.topology import GROUPS

PROCESS = """
import sys
from pathlib import Path
from chaos.failpoints.switch import Switch
switch = Switch(Path(sys.argv[1]))
switch.listen()
print("listening", flush=True)
for line in sys.stdin:
    switch.passed(line.strip())
    print("alive", flush=True)
"""

BUGGY = """
from chaos.failpoints.points import install_bug
from shared.messaging.consumer import Consumer

registered = []

class NoBroker(Consumer):
    def __init__(self): ...
    def _subscribe(self, *_, handler, **__): registered.append(handler)

def fail(event): raise ZeroDivisionError(event)

install_bug(fail)
NoBroker().on(int)(print)
try:
    registered[0]("an event")
except ZeroDivisionError as error:
    raise SystemExit(f"met: {error}")
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "order.json"


def test_it_dies_at_the_passage_that_was_asked_for_and_says_so(file: Path) -> None:
    command = (sys.executable, "-c", PROCESS, str(file))
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, bufsize=1) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == "listening\n"
        arm(file, process.pid, point="after-commit", passage=2)
        for point in ("before-commit", "after-commit", "before-ack"):
            process.stdin.write(f"{point}\n")
            assert process.stdout.readline() == "alive\n"
        assert not marker_of(file).exists()

        process.stdin.write("after-commit\n")

        assert process.stdout.readline() == ""
        assert process.wait(10) == -signal.SIGKILL
    assert marker_of(file).read_text() == f"{process.pid} after-commit"


def test_nothing_is_armed_at_first(file: Path) -> None:
    Switch(file).passed("after-commit")
    Switch(file).passed("")


def test_every_service_has_its_points() -> None:
    assert set(POINTS_OF) == set(GROUPS)


@pytest.mark.parametrize("service", POINTS_OF)
def test_each_seam_is_where_the_points_are_put(service: str) -> None:
    program = "import sys; from chaos.failpoints.points import install; install(sys.argv[1], print)"
    done = subprocess.run(
        (sys.executable, "-c", program, service), capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_a_bug_is_met_where_a_first_try_calls_the_handler() -> None:
    done = subprocess.run(
        (sys.executable, "-c", BUGGY), capture_output=True, text=True, check=False
    )
    assert done.stderr == "met: an event\n"


def test_every_bug_can_be_found_where_it_is_said_to_be() -> None:
    for bug in BUGS.values():
        assert bug.service in GROUPS
        assert bug.invariants
