"""Many at once who want what only one can have."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import count
from typing import ClassVar

from chaos import catalogue
from chaos.client import ACCEPTED
from chaos.faults.base import Fault
from chaos.history import Purchase
from chaos.stage import DidNotFireError, Stage

TERMINAL = frozenset({"CONFIRMED", "CANCELLED", "SHIPPED"})
DECIDED_WITHIN_S = 60.0
LOOK_EVERY_S = 0.2
BUYERS, UNITS = 200, 10
SAME_KEY = 50
HESITANT = 20


class LastUnits(Fault):
    name = "race-last-units"
    does = f"{BUYERS} buyers for {UNITS} units"
    replicas: ClassVar[Mapping[str, int]] = {"order": 2, "inventory": 2}

    def __init__(self) -> None:
        self._number = count()

    async def strike(self, stage: Stage) -> int:
        rare = f"RARE-{next(self._number)}"
        await catalogue.fill(stage.http, stage.stack.file, [rare], stock=UNITS)
        buyers = [stage.load.buy(method="card_ok", skus=[rare]) for _ in range(BUYERS)]
        outcomes = await decided(stage, buyers)
        if outcomes["CONFIRMED"] != UNITS:
            stage.findings.append(f"{UNITS} of {rare} in stock, and of {BUYERS} orders {outcomes}")
        return BUYERS


class OneKey(Fault):
    name = "race-one-key"
    does = f"one Idempotency-Key {SAME_KEY} times at once"
    replicas: ClassVar[Mapping[str, int]] = {"order": 2}

    async def strike(self, stage: Stage) -> int:
        wish = stage.load.purchase(method="card_ok")
        same = [replace(wish) for _ in range(SAME_KEY)]
        await asyncio.gather(*map(stage.client.buy, same))
        if len({it.answer for it in same}) > 1:
            stage.findings.append(f"key {wish.key} was answered in more than one way")
        other = replace(stage.load.purchase(method="card_declined"), key=wish.key)
        if (said := await stage.client.try_to_buy(other)) != "422":
            stage.findings.append(f"key {wish.key} with another body was answered {said}")
        return SAME_KEY


class CancelInCharge(Fault):
    name = "race-cancel"
    does = "cancel while the charge is under way"

    async def strike(self, stage: Stage) -> int:
        """Returns how many orders were cancelled in time."""
        hesitant = [stage.load.buy(method="card_slow") for _ in range(HESITANT)]
        waits = [stage.chance.uniform(0.1, 1.0) for _ in hesitant]
        statuses = await asyncio.gather(*map(_cancel, [stage] * HESITANT, hesitant, waits))
        await decided(stage, hesitant)
        if not (cancelled := statuses.count(ACCEPTED)):
            raise DidNotFireError(f"no order could be cancelled: {statuses}")
        return cancelled


class Expiry(Fault):
    name = "race-expiry"
    does = "reservations run out while their payment is under way"
    settings: ClassVar[Mapping[str, str]] = {
        "SHOP_INVENTORY_RESERVATION_TTL_S": "1",
        "SHOP_INVENTORY_EXPIRY_GRACE_S": "0",
        "SHOP_INVENTORY_EXPIRY_EVERY_S": "0.1",
    }

    async def strike(self, stage: Stage) -> int:
        """Returns how many orders ran out of time."""
        cancelled = 0
        for late_s in (stage.chance.uniform(0.95, 1.0), stage.chance.uniform(1.0, 1.1)):
            cancelled += await self._pay(stage, late_s)
        if not cancelled:
            raise DidNotFireError("no reservation ran out")
        return cancelled

    async def _pay(self, stage: Stage, late_s: float) -> int:
        """Buy, with most answers of the provider that late; return how many ran out of time."""
        url = f"{stage.stack.file.provider.url}/faults"
        late = {"mode": "delay", "seconds": late_s, "probability": 0.7}
        async with stage.http.put(url, json=late) as answer:
            answer.raise_for_status()
        wishes = [stage.load.buy(method="card_ok") for _ in range(HESITANT // 2)]
        outcomes = await decided(stage, wishes)
        async with stage.http.delete(url) as answer:
            answer.raise_for_status()
        return outcomes["CANCELLED"]


async def decided(stage: Stage, purchases: Sequence[Purchase]) -> Counter[str]:
    """Wait until all are in a terminal state; return how many are in which."""
    found: Counter[str] = Counter()
    try:
        async with asyncio.timeout(DECIDED_WITHIN_S):
            while not found or found.keys() - TERMINAL:
                await asyncio.sleep(LOOK_EVERY_S)
                found = Counter(await asyncio.gather(*map(stage.status_of, purchases)))
    except TimeoutError:
        stage.findings.append(f"not decided after {DECIDED_WITHIN_S:.0f} s: {dict(found)}")
    return found


async def _cancel(stage: Stage, purchase: Purchase, wait_s: float) -> int:
    await asyncio.sleep(wait_s)
    return await stage.client.command(purchase.order_id or "-", "cancel")
