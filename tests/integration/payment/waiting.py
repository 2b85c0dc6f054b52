"""Waiting for a condition, with a deadline."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")


async def until(found: Callable[[], Awaitable[T]], *, within_s: float = 10.0) -> T:
    """Return what `found` returns as soon as it is true."""
    async with asyncio.timeout(within_s):
        while not (value := await found()):
            await asyncio.sleep(0.02)
        return value
