"""Waiting for a condition, with a deadline; never for a time."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

LOOK_EVERY_S = 0.01

T = TypeVar("T")


async def eventually(
    look: Callable[[], Awaitable[object]], expected: object = True, *, within_s: float = 20.0
) -> None:
    """Return once what is seen is what is expected, or fail with what is seen at the end."""
    end = asyncio.get_running_loop().time() + within_s
    while (seen := await look()) != expected:
        assert asyncio.get_running_loop().time() < end, f"expected {expected!r}, saw {seen!r}"
        await asyncio.sleep(LOOK_EVERY_S)


async def eventually_found(look: Callable[[], Awaitable[T | None]], *, within_s: float = 20.0) -> T:
    """Return what `look` finds, as soon as it finds anything."""
    end = asyncio.get_running_loop().time() + within_s
    while (found := await look()) is None:
        assert asyncio.get_running_loop().time() < end, "nothing was found in time"
        await asyncio.sleep(LOOK_EVERY_S)
    return found


async def until(condition: Callable[[], object]) -> None:
    """As `eventually`, where one need not await to look."""

    async def look() -> bool:
        return bool(condition())

    await eventually(look)


async def settled() -> None:
    """Return when all has gone on that can without waiting for time."""
    for _ in range(50):
        await asyncio.sleep(0)
