"""Waiting until nothing is under way."""

from collections.abc import Awaitable, Callable

import pytest

from audit import drain
from audit.drain import Look, Waiting
from audit.reading.underway import DURABLES, Behind, behind
from audit.violations import Invariant

OUTBOX = Waiting("outbox of", "order", 2, "2 left", Invariant.I7)
OPEN = Waiting("orders", "PLACED or RESERVED", 1, "1 left")


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drain, "LOOK_EVERY_S", 0)
    monkeypatch.setattr(drain, "SAY_AFTER_S", 0)
    monkeypatch.setattr(drain, "SAY_EVERY_S", 0)


def seeing(*looks: Look) -> Callable[[], Awaitable[Look]]:
    """Return a look that finds these, and the last one for ever."""
    left = list(looks)

    async def look() -> Look:
        return left.pop(0) if len(left) > 1 else left[0]

    return look


def ignore(_: str) -> None:
    pass


async def test_two_quiet_looks_in_a_row_are_the_end() -> None:
    looks = (Look((OUTBOX, OPEN), (1,)), Look((OPEN,), (2,)), Look((), (3,)))
    said: list[str] = []
    drained = await drain.wait(seeing(*looks), deadline_s=5, say=said.append)
    assert drained.done
    assert drained.most == {"outbox of order": 2, "orders PLACED or RESERVED": 1}
    assert said[0] == "waiting for outbox of order: 2 left; orders PLACED or RESERVED: 1 left"


async def test_a_quiet_look_while_the_streams_move_is_not_the_end() -> None:
    looks = [Look((), (1,)), Look((), (2,)), Look((OPEN,), (2,)), Look((), (3,))]
    drained = await drain.wait(seeing(*looks), deadline_s=5, say=ignore)
    assert drained.most == {"orders PLACED or RESERVED": 1}


async def test_the_deadline_ends_it_and_says_what_is_left() -> None:
    drained = await drain.wait(seeing(Look((OUTBOX, OPEN), (1,))), deadline_s=0, say=ignore)
    assert not drained.done
    assert drained.left == (OUTBOX, OPEN)


def test_only_what_no_reader_names_is_a_violation_of_its_own() -> None:
    assert [it.invariant for it in OUTBOX.violations()] == [Invariant.I7]
    assert not list(OPEN.violations())


@pytest.mark.parametrize("state", [Behind(1, 0), Behind(0, 1), None])
def test_a_durable_that_is_behind_or_gone_is_waited_for(state: Behind | None) -> None:
    durables = dict.fromkeys(DURABLES, Behind(0, 0))
    assert not list(behind(durables))
    name = durables.popitem()[0]
    if state is not None:
        durables[name] = state
    (waiting,) = behind(durables)
    assert (waiting.name, waiting.breaks) == (name, Invariant.I7)
