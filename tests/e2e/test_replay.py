"""Real input, untidy as it is, against the whole shop."""

from pathlib import Path

import pytest
from rich.console import Console

from shopctl.replay.gathering import gather
from shopctl.replay.pace import Pace
from shopctl.replay.rerun import Books, rerun
from shopctl.replay.spool import Spool
from shopctl.replay.tally import Tally
from shopctl.shop import Accepted, shop_of
from shopctl.stack import Stack
from tests.commands import command
from tests.unit.shopctl.replay.sheets import line, written
from tests.unit.shopctl.replay.test_sample import SAMPLE

QUIET = Console(quiet=True)
FEW = 150


async def replay(stack: Stack, *words: str | Path) -> tuple[int | None, str]:
    """The exit code, and all that was said."""
    where = ("--stack", stack.run_dir.stack)
    return await command("shopctl", "replay", *where, "--rate", 500, *words)


async def books_of(stack: Stack, path: Path, *, limit: int | None = None) -> Books:
    pace = Pace(limit=limit, rate=1000, concurrency=8, settle_within_s=30)
    tally = Tally()
    with Spool() as spool:
        file_hash = gather(path, spool, tally, QUIET)
        async with shop_of(stack.file) as shop:
            return await rerun(shop, spool, tally, file_hash=file_hash, pace=pace, console=QUIET)


async def test_an_untidy_file_is_sold_to_the_cent_and_once(stack: Stack, tmp_path: Path) -> None:
    path = written(
        tmp_path / "untidy.csv",
        line("U1", "U-MUG", "MUG", quantity=2, price="1.005"),
        line("CU1", "U-MUG", quantity=-2),
        line("U2", "U-CUP", "", quantity=1, price="3.1", customer=""),
        "U2,too,few",
        line("U2", "U-FREE", price="0.0"),
        line("U1", "U-MUG", "x" * 3000, quantity=1, price="0.99"),
        *(line("U3", f"U-{number}", quantity=1, price="0.01") for number in range(2001)),
    )

    first, said = await replay(stack, path)
    second, said_again = await replay(stack, path)

    assert (first, second) == (0, 0), said + said_again
    assert "Sold 2 orders" in said
    assert "6.11 GBP" in said  # 2 × 1.01 + 3.10 + 0.99
    assert "invoice U3: 2,001 lines, an order takes 2,000" in said
    assert "2 orders of an earlier replay" in said_again


async def test_a_replay_that_was_broken_off_goes_on(stack: Stack, tmp_path: Path) -> None:
    path = written(tmp_path / "long.csv", *(line(f"L{number}", "L-MUG") for number in range(10)))

    begun = await books_of(stack, path, limit=3)
    gone_on = await books_of(stack, path)

    assert begun.are_equal
    assert gone_on.are_equal
    assert (gone_on.sold.orders, gone_on.sold.orders_before) == (10, 3)
    assert gone_on.file_cents == 10 * 6 * 255


async def test_what_the_shop_could_not_sell_is_missing_by_name(
    stack: Stack, tmp_path: Path
) -> None:
    path = written(tmp_path / "short.csv", line("S1", "S-MUG"), line("S2", "S-MUG", quantity=4))
    await books_of(stack, path, limit=1)
    async with shop_of(stack.file) as shop:
        body = (
            b'{"customer_id": "eve", "customer_email": "eve@example.com", "payment_method":'
            b' "card_ok", "items": [{"sku": "S-MUG", "quantity": 3}]}'
        )
        assert isinstance(await shop.order(body, key="eve-was-quicker"), Accepted)

    for _ in ("at once", "and also when it is run again"):
        books = await books_of(stack, path)

        assert not books.are_equal
        assert books.file_cents - books.shop_cents == 4 * 255
        assert [(lost.invoice, lost.line, lost.reason) for lost in books.lost] == [
            ("S2", 3, "OUT_OF_STOCK")
        ]


@pytest.mark.skipif(not SAMPLE.exists(), reason="no sample; ONLINE_RETAIL_SAMPLE says where it is")
async def test_the_sample_is_sold_to_the_cent(stack: Stack) -> None:
    books = await books_of(stack, SAMPLE, limit=FEW)

    assert books.are_equal
    assert books.sold.orders == FEW


async def test_where_no_shop_is_up_it_says_how_to_start_one(tmp_path: Path) -> None:
    path = written(tmp_path / "one.csv", line())

    code, said = await command("shopctl", "replay", path, "--run-dir", tmp_path / "nowhere")

    assert code == 1
    assert "no shop is up" in said
    assert "make up" in said
