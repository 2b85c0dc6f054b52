"""More orders than the shop can take."""

import asyncio
from collections import Counter
from typing import ClassVar

from chaos.faults.base import Fault
from chaos.history import Outcome, Purchase
from chaos.stage import DidNotFireError, Stage
from chaos.tasks import Group

WORKERS = 200  # enough for full groups
TIMES = 3.0
GOOD = 0.8  # of the peak
REFUSED = frozenset({"429", "503"})
UNANSWERED = 0.01  # of the requests: a client's own patience may end


class Overload(Fault):
    name = "overload"
    does = "three times what it can do, after that was measured"
    promise_s = 10.0
    under_load: ClassVar[bool] = False
    is_heavy: ClassVar[bool] = True

    async def strike(self, stage: Stage) -> int:
        """Returns how many requests came that could not be served at once."""
        peak = await _peak(stage)
        answers, goodput = await _flood(stage, rate=TIMES * peak)
        stage.report(f"peak {peak:.0f}/s, then {goodput:.0f}/s accepted: {dict(answers)}")
        if goodput < GOOD * peak:
            stage.findings.append(f"overloaded, {goodput:.0f} of {peak:.0f} orders/s are accepted")
        strange = {it: n for it, n in answers.items() if it not in REFUSED and it != "202"}
        if sum(strange.values()) > UNANSWERED * answers.total():
            stage.findings.append(f"overloaded, requests end with {strange}")
        too_many = answers.total() - round(goodput * stage.pace.hold_s)
        if too_many <= 0:
            raise DidNotFireError(f"{answers.total()} requests, and the shop kept up with them")
        return too_many


async def _peak(stage: Stage) -> float:
    """Return orders a second, from clients that each wait for their answer."""
    loop = asyncio.get_running_loop()
    end = loop.time() + stage.pace.hold_s
    bought = 0

    async def work() -> None:
        nonlocal bought
        while loop.time() < end:
            purchase = stage.load.purchase(method="card_ok")
            await stage.client.buy(purchase)
            bought += 1

    await asyncio.gather(*(work() for _ in range(WORKERS)))
    return bought / stage.pace.hold_s


async def _flood(stage: Stage, *, rate: float) -> tuple[Counter[str], float]:
    """Return what was answered, and the orders accepted a second meanwhile."""
    loop = asyncio.get_running_loop()
    answers: Counter[str] = Counter()
    requests = Group()
    begun = loop.time()
    accepted = len(stage.client.history.ok)

    async def ask(purchase: Purchase) -> None:
        said = await stage.client.try_to_buy(purchase)
        answers[said] += 1
        if said in REFUSED:
            purchase.outcome = Outcome.FAILED
        elif purchase.outcome is Outcome.UNKNOWN:
            await stage.client.buy(purchase)

    for number in range(int(rate * stage.pace.hold_s)):
        await asyncio.sleep(begun + number / rate - loop.time())
        requests.start(ask(stage.load.purchase(method="card_ok")))
    good = (len(stage.client.history.ok) - accepted) / (loop.time() - begun)
    await requests.done()
    return answers, good
