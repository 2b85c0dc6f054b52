"""Waiting until nothing is under way any more, and saying what is."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from time import monotonic

from audit.violations import Invariant, Violation

LOOK_EVERY_S = 0.25
SAY_AFTER_S = 2.0
SAY_EVERY_S = 2.0


@dataclass(frozen=True, slots=True)
class Waiting:
    """Something under way, and how many.

    `breaks` is what it violates if it never ends; None where the reader names each of them.
    """

    about: str
    name: str
    count: int
    detail: str
    breaks: Invariant | None = None

    def __str__(self) -> str:
        return f"{self.about} {self.name}: {self.detail}"

    def violations(self) -> Iterator[Violation]:
        if self.breaks is not None:
            expected = "nothing under way after the drain"
            yield Violation(self.breaks, self.about, self.name, expected, self.detail)


@dataclass(frozen=True, slots=True)
class Look:
    """What is under way, and how far each stream is (it must not move between two looks)."""

    waiting: tuple[Waiting, ...]
    last_seqs: tuple[int, ...]


@dataclass(slots=True)
class Drain:
    """How the waiting went: `most` is the largest count of each thing that was waited for."""

    seconds: float = 0.0
    left: tuple[Waiting, ...] = ()
    most: dict[str, int] = field(default_factory=dict)

    @property
    def done(self) -> bool:
        return not self.left


async def wait(
    look: Callable[[], Awaitable[Look]], *, deadline_s: float, say: Callable[[str], None]
) -> Drain:
    """Look until two looks in a row find nothing, or the deadline is over.

    One look is not enough: it asks one part after the other, and what is on its way from a part
    that was not asked yet to one that was would be missed.
    """
    drain, started = Drain(), monotonic()
    say_at = started + SAY_AFTER_S
    before: Look | None = None
    while True:
        found = await look()
        drain.seconds, drain.left = monotonic() - started, found.waiting
        _remember(drain, found)
        if before == found and not found.waiting:
            return drain
        if drain.seconds >= deadline_s and (found.waiting or before is not None):
            return drain
        if monotonic() >= say_at:
            say(f"waiting for {'; '.join(map(str, found.waiting)) or 'the streams'}")
            say_at = monotonic() + SAY_EVERY_S
        before = found
        await asyncio.sleep(LOOK_EVERY_S)


def _remember(drain: Drain, found: Look) -> None:
    for it in found.waiting:
        name = f"{it.about} {it.name}"
        drain.most[name] = max(it.count, drain.most.get(name, 0))
