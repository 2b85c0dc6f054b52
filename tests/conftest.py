"""For all tests: they share one event loop a process."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from shared.tasks import end


@pytest.fixture(scope="session", autouse=True)
async def _ended() -> AsyncIterator[None]:
    """End what tests left behind: one cancellation may not do, and the loop gives no second."""
    yield
    await end([task for task in asyncio.all_tasks() if task is not asyncio.current_task()])
