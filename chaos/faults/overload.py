"""More orders than the shop can take."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from operator import attrgetter
from time import monotonic
from typing import ClassVar

import uvloop

from chaos.auditing import TERMINAL
from chaos.crowd import Crowd
from chaos.faults.base import Fault
from chaos.history import Outcome, Purchase
from chaos.stage import DidNotFireError, Stage
from chaos.tasks import Group

WORKERS = 200  # enough for full groups
CONNECTIONS = 1000  # more than the shop works on at once
TIMES = 3.0
TOGETHER_S = 0.005  # those that are due so close to each other come at once
GOOD = 0.8  # of the peak
PAIRS = 3  # a peak and a rush each: in seconds a shared machine's speed changes by a fifth
REFUSED = frozenset({"429", "503"})
LAST = 5  # orders by which one sees that all are finished
DECIDED_WITHIN_S = 60.0
LOOK_EVERY_S = 0.1
UNANSWERED = 0.001  # of the requests: on a full machine the client itself may be late

Come = Callable[[Stage, Crowd], Awaitable[None]]


@dataclass(slots=True)
class Rush:
    """What came of it; rates are a second, of orders that were finished, or of requests."""

    peak: float = 0.0
    asked: float = 0.0
    finished: float = 0.0
    answers: Counter[str] = field(default_factory=Counter)
    longest_s: float = 0.0

    @property
    def refused(self) -> int:
        return sum(self.answers[it] for it in REFUSED)

    def __str__(self) -> str:
        return (
            f"peak {self.peak:.0f}/s; of {self.asked:.0f}/s then {self.finished:.0f}/s finished "
            f"({self.finished / self.peak:.0%}), "
            f"{dict(self.answers)}, all within {self.longest_s:.1f} s"
        )


class Overload(Fault):
    name = "overload"
    does = "three times what it can do, after that was measured"
    promise_s = 10.0
    under_load: ClassVar[bool] = False
    is_heavy: ClassVar[bool] = True

    async def strike(self, stage: Stage) -> int:
        """Returns how many requests were refused."""
        rushes = [await _rush(stage) for _ in range(PAIRS)]
        stage.findings += complaints(rushes)
        refused = sum(rush.refused for rush in rushes)
        if not refused:
            raise DidNotFireError(f"{rushes[0].asked:.0f} requests/s, and the shop kept up")
        return refused


async def _rush(stage: Stage) -> Rush:
    rush, left = Rush(), list[Purchase]()
    rush.peak = await _finished_rate(stage, _at_their_pace)
    wanted = _purchases(stage, int(TIMES * rush.peak * stage.pace.hold_s))
    come = partial(_all_at_once, rush=rush, wanted=wanted, left=left)
    rush.finished = await _finished_rate(stage, come)
    await asyncio.gather(*map(stage.client.buy, left))
    stage.report(str(rush))
    return rush


def complaints(rushes: Sequence[Rush]) -> list[str]:
    """Say what went wrong over all: a machine's own speed changes from one rush to the next."""
    found = []
    finished, peak = sum(rush.finished for rush in rushes), sum(rush.peak for rush in rushes)
    if finished < GOOD * peak:
        found.append(f"overloaded, {finished / peak:.0%} of the peak's orders are finished")
    answers = sum((rush.answers for rush in rushes), Counter())
    strange = {it: n for it, n in answers.items() if it not in REFUSED and it != "202"}
    if sum(strange.values()) > UNANSWERED * answers.total():
        found.append(f"overloaded, requests end with {strange}")
    return found


async def _finished_rate(stage: Stage, come: Come) -> float:
    """Let a crowd come; return the orders a second that it got, from its coming to the last one's
    confirmation: what is accepted and waits is no feat yet."""
    purchases = stage.client.history.purchases
    before = len(purchases)
    # On uvloop, which our own loop cannot be: it starts processes as other users.
    begun = await asyncio.to_thread(uvloop.run, _with_crowd(stage, come))
    accepted = [it for it in purchases[before:] if it.outcome is Outcome.OK]
    await _decided(stage, sorted(accepted, key=attrgetter("answered_at"))[-LAST:])
    return len(accepted) / (monotonic() - begun)


async def _with_crowd(stage: Stage, come: Come) -> float:
    """Return when it began."""
    file = stage.stack.file
    crowd = Crowd(stage.client, file.services["order"].url, token=file.tokens.customer)
    with closing(crowd):
        await crowd.come(CONNECTIONS)
        begun = monotonic()
        await come(stage, crowd)
    return begun


async def _decided(stage: Stage, purchases: Sequence[Purchase]) -> None:
    end = monotonic() + DECIDED_WITHIN_S
    while not TERMINAL.issuperset(await asyncio.gather(*map(stage.status_of, purchases))):
        if monotonic() > end:
            stage.findings.append("overloaded, what was accepted is not finished in a minute")
            return
        await asyncio.sleep(LOOK_EVERY_S)


async def _at_their_pace(stage: Stage, crowd: Crowd) -> None:
    """Buyers who each wait for their answer."""
    loop = asyncio.get_running_loop()
    end = loop.time() + stage.pace.hold_s

    async def work() -> None:
        while loop.time() < end:
            purchase = stage.load.purchase(method="card_ok")
            await stage.client.try_to_buy(purchase, ask=crowd.ask)

    await asyncio.gather(*(work() for _ in range(WORKERS)))


def _purchases(stage: Stage, number: int) -> list[Purchase]:
    """Made before the rush begins: for 20,000 it takes part of a second."""
    return [stage.load.purchase(method="card_ok") for _ in range(number)]


async def _all_at_once(
    stage: Stage, crowd: Crowd, rush: Rush, wanted: Sequence[Purchase], left: list[Purchase]
) -> None:
    """Buyers who come when they come."""
    loop = asyncio.get_running_loop()
    rate = TIMES * rush.peak
    requests = Group()

    async def ask(purchase: Purchase) -> None:
        asked_at = loop.time()
        said = await stage.client.try_to_buy(purchase, ask=crowd.ask)
        rush.longest_s = max(rush.longest_s, loop.time() - asked_at)
        rush.answers[said] += 1
        if said in REFUSED:
            purchase.outcome = Outcome.FAILED
        elif purchase.outcome is Outcome.UNKNOWN:
            left.append(purchase)

    begun, come = loop.time(), 0
    while come < len(wanted):
        due = 1 + int(rate * (loop.time() - begun))
        for purchase in wanted[come:due]:
            requests.start(ask(purchase))
        come = due
        await asyncio.sleep(TOGETHER_S)
    rush.asked = len(wanted) / (loop.time() - begun)
    await requests.done()
