import asyncio

import pytest

from shared.tasks import end


async def for_ever() -> None:
    while True:
        await asyncio.sleep(3600)


async def deaf(times: int) -> None:
    """Goes on after it was cancelled, some times over."""
    for _ in range(times):
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            continue
    await for_ever()


async def broken() -> None:
    raise RuntimeError("long ago")


@pytest.mark.parametrize("times", [0, 1, 3])
async def test_a_task_that_forgets_cancellations_ends_too(times: int) -> None:
    tasks = [asyncio.create_task(deaf(times)), asyncio.create_task(for_ever())]
    await asyncio.sleep(0)  # begun

    await end(tasks)

    assert [task.cancelled() for task in tasks] == [True, True]


async def test_what_failed_before_is_not_raised() -> None:
    await end([asyncio.create_task(broken())])
    await end([])
