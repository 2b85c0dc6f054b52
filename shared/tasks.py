"""Ending tasks for certain."""

import asyncio
from collections.abc import Collection

AGAIN_AFTER_S = 0.1
TRIES = 20


async def end(tasks: Collection[asyncio.Task[None]]) -> None:
    """Cancel the tasks until they end, for two seconds at the most; what they raise is not told.

    Once may not do: up to Python 3.11 `asyncio.wait_for` forgets a cancellation that comes together
    with its result, and then a task that goes round for ever would do so (seen in the campaign: a
    service that never ended).
    """
    pending = set(tasks)
    for _ in range(TRIES):
        if not pending:
            break
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=AGAIN_AFTER_S)
    await asyncio.gather(*(set(tasks) - pending), return_exceptions=True)
