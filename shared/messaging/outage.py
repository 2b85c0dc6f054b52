"""Waiting out an outage: when what every message needs is away, the consumer pauses.

The message stays in hand, kept alive at the broker, and is tried again until it gets through: an
outage costs no deliveries and makes no dead letters. Meanwhile no more are asked for.
"""

import asyncio
import random

import structlog

from shared.errors import DependencyDown, Overloaded, ShopError, TransientError
from shared.messaging.pipeline import Delivery, Next
from shared.messaging.pull import ContinuousPull

log = structlog.get_logger(__name__)

FIRST_WAIT_S = 0.1
LONGEST_WAIT_S = 1.0

# A full queue too is not the message's fault: requests may fill it, and events have to get through.
AWAY = (DependencyDown, Overloaded)


class Patience:
    """The stage right around the handler."""

    def __init__(self, pull: ContinuousPull) -> None:
        self._pull = pull

    async def __call__(self, delivery: Delivery, following: Next) -> None:
        try:
            await following(delivery)
        except AWAY as down:
            await self._wait_it_out(delivery, following, down)

    async def _wait_it_out(self, delivery: Delivery, following: Next, down: ShopError) -> None:
        durable = delivery.subscription.durable
        log.warning("consume.paused", durable=durable, reason=str(down))
        self._pull.pause()
        try:
            wait_s = FIRST_WAIT_S
            while not self._pull.closing:
                await asyncio.sleep(wait_s * random.uniform(0.5, 1.0))  # noqa: S311 - jitter
                try:
                    await following(delivery)
                except AWAY:
                    wait_s = min(LONGEST_WAIT_S, wait_s * 2)
                    continue
                return
            raise TransientError("shut down during an outage") from down
        finally:
            self._pull.resume()
