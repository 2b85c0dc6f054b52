"""The real services on the real servers."""

from collections.abc import AsyncIterator

import httpx
import psutil
import pytest
import pytest_asyncio

from shopctl.errors import AlreadyUpError, OtherPlanError, PartError
from shopctl.plan import SERVICES, Plan
from shopctl.run_dir import RunDir
from shopctl.stack import Stack, kill, restart, running_stack, up
from shopctl.stack_file import StackFile
from shopctl.status import Condition, status
from tests.integration.shopctl.traces import files_of, processes_of

PLAN = Plan(replicas={"order": 2})


@pytest_asyncio.fixture(scope="module")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    async with running_stack(tmp_path_factory.mktemp("stack"), PLAN) as running:
        yield running
    assert processes_of(running.run_dir) == []
    assert files_of(running.run_dir) == []


async def test_the_file_says_where_everything_is(stack: Stack) -> None:
    file = StackFile.read(stack.run_dir.stack)

    assert file == stack.file
    assert set(file.services) == set(SERVICES) == set(file.postgres.databases)
    assert len(file.services["order"].replicas) == 2
    assert stack.run_dir.stack.stat().st_mode & 0o777 == 0o600
    async with httpx.AsyncClient() as client:
        for service in file.services.values():
            for replica in service.replicas:
                assert (await client.get(f"{replica.url}/readyz")).status_code == 200
                assert psutil.pid_exists(replica.pid)


async def test_replicas_are_restarted_in_turn_on_their_ports(stack: Stack) -> None:
    before = StackFile.read(stack.run_dir.stack).services["order"].replicas

    await restart(stack.run_dir, "order")

    after = StackFile.read(stack.run_dir.stack).services["order"].replicas
    assert [replica.url for replica in after] == [replica.url for replica in before]
    assert not {replica.pid for replica in after} & {replica.pid for replica in before}


async def test_one_replica_is_killed_and_comes_back(stack: Stack) -> None:
    await kill(stack.run_dir, "order-2")

    conditions = {part.name: part.condition for part in await status(stack.run_dir)}
    assert conditions.pop("order-2") is Condition.DEAD
    assert set(conditions.values()) == {Condition.READY}
    with pytest.raises(OtherPlanError, match="order-2"):
        await up(stack.run_dir, PLAN)
    await restart(stack.run_dir, "order-2")
    assert {part.condition for part in await status(stack.run_dir)} == {Condition.READY}


async def test_up_again_changes_nothing(stack: Stack) -> None:
    with pytest.raises(AlreadyUpError):
        await up(stack.run_dir, PLAN)
    with pytest.raises(OtherPlanError):
        await up(stack.run_dir, Plan())


async def test_a_service_that_cannot_start_takes_all_the_others_with_it(
    run_dir: RunDir, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_COLOUR", "blue")

    with pytest.raises(PartError) as failure:
        await up(run_dir, Plan(smtp="127.0.0.1:9", provider="http://127.0.0.1:9"))

    assert failure.value.said == "SHOP_COLOUR is not a setting"
    assert processes_of(run_dir) == []
    assert files_of(run_dir) == []
