"""A dead letter made by a bug, the bug mended, the letter replayed: the order completes."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from shopctl.plan import Plan
from shopctl.stack import Stack, restart, running_stack
from tests.commands import command
from tests.e2e.clumsy import BUG
from tests.e2e.shop import Json, Shop
from tests.eventually import eventually, eventually_found


@pytest.fixture(scope="module")
def bug(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("bug") / "is-there"


@pytest.fixture(scope="module")
async def clumsy(bug: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    plan = Plan(launch={"payment": ("tests.e2e.clumsy", str(bug))})
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SHOP_MAX_DELIVERIES", "2")
        async with running_stack(tmp_path_factory.mktemp("clumsy"), plan) as running:
            yield running


async def test_the_order_completes_and_nobody_does_anything_twice(clumsy: Stack, bug: Path) -> None:
    async with Shop.opened(clumsy.file) as shop:
        await shop.stock("LAMP", 10, price_cents=700)
        bug.touch()
        order_id = await shop.place("LAMP")

        async def letters() -> list[Json] | None:
            return (await shop.get("payment", "/dead-letters"))["letters"] or None

        (letter,) = await eventually_found(letters)
        assert letter["error"] == f"ZeroDivisionError: {BUG}"
        assert (await shop.order(order_id))["status"] == "RESERVED"

        bug.unlink()
        await restart(clumsy.run_dir, "payment")
        words = ("dead-letters", "replay", "--all", "--group", "payment", "--yes")
        code, said = await command("shopctl", *words, "--run-dir", clumsy.run_dir.path)

        assert (code, "1 of 1 replayed are handled." in said) == (0, True), said
        assert (await shop.decided(order_id))["status"] == "CONFIRMED"
        assert await letters() is None
        assert await shop.mails(order_id, 1) == ["CONFIRMED"]
        await eventually(lambda: counted(shop), {"OrderPlaced": 1, "StockReserved": 1})
    code, said = await command("audit", "--stack", clumsy.run_dir.stack)
    assert code == 0, said


async def counted(shop: Shop) -> Json:
    events = (await shop.get("analytics", "/reports/summary"))["events"]
    return {name: events[name] for name in ("OrderPlaced", "StockReserved") if name in events}
