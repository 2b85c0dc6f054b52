"""What a pull brings, handled: together as far as that goes, and what is left one by one."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from shared.messaging.client import EventMsg
from shared.messaging.pull import ContinuousPull

Batch = Sequence[EventMsg]
Alone = Callable[[EventMsg], Awaitable[None]]
"""Handles one message, however that ends."""
Together = Callable[[Batch], Awaitable[None]]
"""Handles and acknowledges what it can of a batch; the rest is as if it had just arrived."""


class Batches:
    """One pull's. A message gives its place free when it is handled.

    At shutdown one that is not acknowledged stays in hand: the pull gives it back.
    """

    def __init__(self, alone: Alone, together: Together | None = None) -> None:
        self._alone = alone
        self._together = together
        self.pull: ContinuousPull

    async def handle(self, batch: Batch) -> None:
        if self._together is not None:
            batch = await self._as_far_as_it_goes(self._together, batch)
        if len(batch) == 1:
            await self._handle_alone(batch[0])
        elif batch:
            # As tasks already: gather takes 2 µs to find out that a coroutine is one.
            tasks = [asyncio.create_task(self._handle_alone(msg)) for msg in batch]
            await asyncio.gather(*tasks)

    async def _as_far_as_it_goes(self, together: Together, batch: Batch) -> Batch:
        try:
            await together(batch)
        except BaseException:
            self._let_go(batch)
            raise
        self._let_go([msg for msg in batch if msg.is_acked])
        return [msg for msg in batch if not msg.is_acked]

    async def _handle_alone(self, msg: EventMsg) -> None:
        try:
            await self._alone(msg)
        finally:
            self._let_go([msg])

    def _let_go(self, batch: Batch) -> None:
        if self.pull.closing:
            batch = [msg for msg in batch if msg.is_acked]
        self.pull.release(batch)
