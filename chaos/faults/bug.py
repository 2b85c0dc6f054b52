"""A handler with a bug that one order's events meet: put aside, mended, replayed."""

import asyncio
from collections.abc import Mapping
from typing import Any, ClassVar

from chaos.faults.base import Fault
from chaos.faults.poison import PUT_ASIDE_WITHIN_S
from chaos.history import Purchase
from chaos.recovery import seconds_to_first_confirmed
from chaos.stage import DidNotFireError, Stage
from shopctl.plan import SERVICES

REPLAYED_WITHIN_S = 30.0
LOOK_EVERY_S = 0.1

Letters = list[dict[str, Any]]


class BugOnOneEvent(Fault):
    name = "bug-on-one-event"
    does = "a handler fails at one order's events; then it is mended, and its letters replayed"
    promise_s = PUT_ASIDE_WITHIN_S
    repeats_mails: ClassVar[bool] = False
    launched = True
    settings: ClassVar[Mapping[str, str]] = {"SHOP_MAX_DELIVERIES": "3"}  # or it would take minutes

    async def strike(self, stage: Stage) -> int:
        """Returns 1; whether the order is settled in the end, and once, the audit tells."""
        service = stage.chance.choice(sorted(SERVICES))
        purchase = stage.load.purchase(method="card_ok")
        stage.plant(service, purchase.key)
        try:
            await stage.client.buy(purchase)
            waited_s = await seconds_to_first_confirmed(stage)
            await _put_aside(stage, service, purchase)
        finally:
            stage.plant(service, None)
        if waited_s > PUT_ASIDE_WITHIN_S:
            stage.findings.append(f"a bug of {service}: its neighbours waited {waited_s:.1f} s")
        await _replay(stage, service, purchase)
        return 1


async def _put_aside(stage: Stage, service: str, purchase: Purchase) -> None:
    loop = asyncio.get_running_loop()
    end = loop.time() + PUT_ASIDE_WITHIN_S
    while not await _open_letters(stage, service, purchase):
        if loop.time() > end:
            raise DidNotFireError(f"{service} has no dead letter of {purchase.key}")
        await asyncio.sleep(LOOK_EVERY_S)


async def _replay(stage: Stage, service: str, purchase: Purchase) -> None:
    loop = asyncio.get_running_loop()
    end = loop.time() + REPLAYED_WITHIN_S
    while await _open_letters(stage, service, purchase):
        if loop.time() > end:
            stage.findings.append(f"{service}: a letter of {purchase.key} stays open")
            return
        await stage.client.post(service, f"/dead-letters/replay?error={purchase.key}")
        await asyncio.sleep(LOOK_EVERY_S)


async def _open_letters(stage: Stage, service: str, purchase: Purchase) -> Letters:
    path = f"/dead-letters?state=open&error={purchase.key}"
    found = await stage.client.read(service, path)
    return list(found["letters"]) if found else []
