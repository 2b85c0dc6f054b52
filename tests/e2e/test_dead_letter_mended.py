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

Bugs = dict[str, Path]
"""The files that are there while a service has its bug."""


@pytest.fixture(scope="module")
def bugs(tmp_path_factory: pytest.TempPathFactory) -> Bugs:
    place = tmp_path_factory.mktemp("bugs")
    return {service: place / service for service in ("payment", "analytics")}


@pytest.fixture(scope="module")
async def clumsy(bugs: Bugs, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    launch = {service: ("tests.e2e.clumsy", str(bug)) for service, bug in bugs.items()}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SHOP_MAX_DELIVERIES", "2")
        async with running_stack(tmp_path_factory.mktemp("clumsy"), Plan(launch=launch)) as running:
            yield running


async def test_the_order_completes_and_nobody_does_anything_twice(
    clumsy: Stack, bugs: Bugs
) -> None:
    bug = bugs["payment"]
    async with Shop.opened(clumsy.file) as shop:
        await shop.stock("LAMP", 10, price_cents=700)
        bug.touch()
        order_id = await shop.place("LAMP")

        (letter,) = await eventually_found(lambda: letters(shop, "payment"))
        assert letter["error"] == f"ZeroDivisionError: {BUG}"
        assert (await shop.order(order_id))["status"] == "RESERVED"

        bug.unlink()
        await restart(clumsy.run_dir, "payment")
        words = ("dead-letters", "replay", "--all", "--group", "payment", "--yes")
        code, said = await command("shopctl", *words, "--run-dir", clumsy.run_dir.path)

        assert (code, "1 of 1 replayed are handled." in said) == (0, True), said
        assert (await shop.decided(order_id))["status"] == "CONFIRMED"
        assert await letters(shop, "payment") is None
        assert await shop.mails(order_id, 1) == ["CONFIRMED"]
        await eventually(lambda: counted(shop), {"OrderPlaced": 1, "StockReserved": 1})
    await holds(clumsy)


async def test_analytics_counts_what_the_operator_made_of_the_event(
    clumsy: Stack, bugs: Bugs
) -> None:
    async with Shop.opened(clumsy.file) as shop:
        await shop.stock("VASE", 10, price_cents=900)
        before = await revenue(shop)
        bugs["analytics"].touch()
        await shop.decided(await shop.place("VASE"))
        (letter,) = await eventually_found(lambda: letters(shop, "analytics"))

        first_edit = {"set": {"total_cents": 850, "items.0.unit_price_cents": 850}}
        await shop.replay("analytics", letter["seq"], first_edit)
        (again,) = await eventually_found(lambda: letters(shop, "analytics", but=letter["seq"]))
        bugs["analytics"].unlink()
        await shop.replay("analytics", again["seq"], {})

        await eventually(lambda: revenue(shop), before + 850)
    await holds(clumsy)


async def letters(shop: Shop, service: str, *, but: int | None = None) -> list[Json] | None:
    found = (await shop.get(service, "/dead-letters"))["letters"]
    return [letter for letter in found if letter["seq"] != but] or None


async def revenue(shop: Shop) -> int:
    return int((await shop.get("analytics", "/reports/summary"))["revenue_cents"])


async def holds(stack: Stack) -> None:
    code, said = await command("audit", "--stack", stack.run_dir.stack)
    assert code == 0, said


async def counted(shop: Shop) -> Json:
    events = (await shop.get("analytics", "/reports/summary"))["events"]
    return {name: events[name] for name in ("OrderPlaced", "StockReserved") if name in events}
