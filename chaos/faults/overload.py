"""More orders than the shop can take."""

import asyncio
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from typing import ClassVar

import uvloop

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
REFUSED = frozenset({"429", "503"})
UNANSWERED = 0.001  # of the requests: on a full machine the client itself may be late


@dataclass(slots=True)
class Rush:
    """What came of it; rates are a second."""

    peak: float = 0.0
    asked: float = 0.0
    accepted: float = 0.0
    answers: Counter[str] = field(default_factory=Counter)
    longest_s: float = 0.0

    def __str__(self) -> str:
        return (
            f"peak {self.peak:.0f}/s; of {self.asked:.0f}/s then {self.accepted:.0f}/s accepted, "
            f"{dict(self.answers)}, all within {self.longest_s:.1f} s"
        )


class Overload(Fault):
    name = "overload"
    does = "three times what it can do, after that was measured"
    promise_s = 10.0
    under_load: ClassVar[bool] = False
    is_heavy: ClassVar[bool] = True

    async def strike(self, stage: Stage) -> int:
        """Returns how many requests came that could not be served at once."""
        rush, left = Rush(), list[Purchase]()
        # On uvloop, which our own loop cannot be: it starts processes as other users.
        await asyncio.to_thread(uvloop.run, _rush(stage, rush, left))
        await asyncio.gather(*map(stage.client.buy, left))
        stage.report(str(rush))
        stage.findings += _complaints(rush)
        too_many = rush.answers.total() - round(rush.accepted * stage.pace.hold_s)
        if too_many <= 0:
            raise DidNotFireError(f"{rush.asked:.0f} requests/s, and the shop kept up with them")
        return too_many


def _complaints(rush: Rush) -> list[str]:
    found = []
    if rush.accepted < GOOD * rush.peak:
        found.append(f"overloaded, {rush.accepted:.0f} of {rush.peak:.0f} orders/s are accepted")
    strange = {it: n for it, n in rush.answers.items() if it not in REFUSED and it != "202"}
    if sum(strange.values()) > UNANSWERED * rush.answers.total():
        found.append(f"overloaded, requests end with {strange}")
    return found


async def _rush(stage: Stage, rush: Rush, left: list[Purchase]) -> None:
    """Measure the peak, then let three times as many come; `left` gets who has no answer."""
    file = stage.stack.file
    crowd = Crowd(stage.client, file.services["order"].url, token=file.tokens.customer)
    with closing(crowd):
        await crowd.come(CONNECTIONS)
        await _at_their_pace(stage, crowd, rush)
        await _all_at_once(stage, crowd, rush, left)


async def _at_their_pace(stage: Stage, crowd: Crowd, rush: Rush) -> None:
    """Buyers who each wait for their answer."""
    loop = asyncio.get_running_loop()
    end = loop.time() + stage.pace.hold_s

    async def work() -> int:
        bought = 0
        while loop.time() < end:
            purchase = stage.load.purchase(method="card_ok")
            bought += await stage.client.try_to_buy(purchase, ask=crowd.ask) == "202"
        return bought

    bought = await asyncio.gather(*(work() for _ in range(WORKERS)))
    rush.peak = sum(bought) / stage.pace.hold_s


async def _all_at_once(stage: Stage, crowd: Crowd, rush: Rush, left: list[Purchase]) -> None:
    """Buyers who come when they come."""
    loop = asyncio.get_running_loop()
    rate = TIMES * rush.peak
    wanted = [stage.load.purchase(method="card_ok") for _ in range(int(rate * stage.pace.hold_s))]
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
    took_s = loop.time() - begun
    rush.asked, rush.accepted = len(wanted) / took_s, rush.answers["202"] / took_s
    await requests.done()
