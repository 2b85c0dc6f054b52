"""The whole shop as processes, brought up once for all tests here."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from shopctl.plan import Plan
from shopctl.stack import Stack, running_stack
from tests.e2e.shop import Shop


@pytest.fixture(scope="session")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    run_dir: Path = tmp_path_factory.mktemp("shop")
    async with running_stack(run_dir, Plan()) as running:
        yield running


@pytest.fixture(scope="session")
async def shop(stack: Stack) -> AsyncIterator[Shop]:
    async with Shop.opened(stack.file) as opened:
        yield opened
