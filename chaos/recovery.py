"""How long the shop takes to work again, measured from outside."""

import asyncio

from chaos.history import Purchase
from chaos.stage import Stage

CONFIRMED = frozenset({"CONFIRMED", "SHIPPED"})
LOOK_EVERY_S = 0.1
MOST_PROBES = 20
RECOVERED_WITHIN_S = 60.0


async def seconds_to_first_confirmed(stage: Stage) -> float:
    """Place orders from now on; return the time until one of them is confirmed.

    Infinite if none is in a minute.
    """
    loop = asyncio.get_running_loop()
    begun = loop.time()
    probes: list[Purchase] = []
    while loop.time() < begun + RECOVERED_WITHIN_S:
        if len(probes) < MOST_PROBES:
            probes.append(stage.load.buy(method="card_ok"))
        statuses = await asyncio.gather(*map(stage.status_of, probes))
        if CONFIRMED.intersection(statuses):
            return loop.time() - begun
        await asyncio.sleep(LOOK_EVERY_S)
    return float("inf")
