"""A replay from the shop's side: stock up, sell, wait, and compare the books."""

import asyncio
from dataclasses import dataclass

from rich.console import Console

from shopctl.progress import progress
from shopctl.quiet import wait_until_quiet
from shopctl.replay.pace import Pace
from shopctl.replay.posting import CURRENCY
from shopctl.replay.revenue import Lost, gained, lost_sales, newest_order, revenue_by_day
from shopctl.replay.selling import Seller, Sold
from shopctl.replay.spool import Spool
from shopctl.replay.tally import Tally
from shopctl.shop import Shop
from shopctl.stocking import stock_up

QUIET_WITHIN_S = 30.0


@dataclass(frozen=True, slots=True)
class Books:
    """What the replay came to, in cents."""

    sold: Sold
    file_cents: int  # of the sales that fit in an order
    by_day: dict[str, int]
    seconds: float
    is_settled: bool
    lost: list[Lost]
    lost_before_cents: int  # of these, what an earlier replay had lost

    @property
    def earlier_cents(self) -> int:
        """Revenue of earlier replays, which today's days do not show."""
        return self.sold.cents_before - self.lost_before_cents

    @property
    def shop_cents(self) -> int:
        return sum(self.by_day.values()) + self.earlier_cents

    @property
    def are_equal(self) -> bool:
        return self.is_settled and self.shop_cents == self.file_cents


async def rerun(
    shop: Shop, spool: Spool, tally: Tally, *, file_hash: str, pace: Pace, console: Console
) -> Books:
    """Raises NoAnswerError if the shop stays away; the same replay can be run again then."""
    if not await wait_until_quiet(shop, within_s=QUIET_WITHIN_S):
        console.print("The shop is busy: what others buy meanwhile will stand in its revenue too.")
    before, newest = await revenue_by_day(shop), await newest_order(shop)
    await _stock_up(shop, spool, console)
    wanted = spool.totals(pace.limit)
    with progress(console, "Selling", total=wanted.sales, unit="orders") as advance:
        seller = Seller(
            shop, spool, tally, file_hash=file_hash, newest_before=newest, advance=advance
        )
        seconds = await _sell(seller, pace)
    with console.status("Waiting for the last confirmations"):
        is_settled = await wait_until_quiet(shop, within_s=pace.settle_within_s)
    after = await revenue_by_day(shop)
    lost = [each async for each in lost_sales(shop, spool)]
    return Books(
        sold=seller.sold,
        file_cents=wanted.cents - seller.sold.cents_too_large,
        by_day=gained(before, after),
        seconds=seconds,
        is_settled=is_settled,
        lost=lost,
        lost_before_cents=sum(each.cents for each in lost if newest and each.order_id <= newest),
    )


async def _stock_up(shop: Shop, spool: Spool, console: Console) -> None:
    with console.status("Importing the catalogue"):
        stocked = await stock_up(shop, spool.products, currency=CURRENCY)
    known = f", {stocked.known:,} of them known" if stocked.known else ""
    console.print(f"Imported {stocked.products:,} products{known}")


async def _sell(seller: Seller, pace: Pace) -> float:
    """Returns how many seconds it took."""
    clock = asyncio.get_running_loop().time
    began = clock()
    await seller.sell(limit=pace.limit, rate=pace.rate, concurrency=pace.concurrency)
    return clock() - began
