"""Waiting until the shop has nothing left to do."""

import asyncio

from shopctl.lag import read_lag
from shopctl.shop import Shop

OPEN = ("PLACED", "RESERVED")
LOOK_EVERY_S = 0.1
LOOKS = 3  # in a row: between two consumers an event is in an outbox, and no one's lag


async def wait_until_quiet(shop: Shop, *, within_s: float) -> bool:
    """True as soon as no order is open and no event waits; False when the time is over."""
    clock = asyncio.get_running_loop().time
    deadline = clock() + within_s
    quiet_looks = 0
    while quiet_looks < LOOKS:
        if clock() > deadline:
            return False
        quiet_looks = quiet_looks + 1 if await _is_quiet(shop) else 0
        await asyncio.sleep(LOOK_EVERY_S)
    return True


async def _is_quiet(shop: Shop) -> bool:
    if any((await read_lag(shop)).values()):
        return False
    pages = [await shop.get("order", "/orders", status=status, limit=1) for status in OPEN]
    return not any(page["orders"] for page in pages)
