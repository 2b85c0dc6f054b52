"""The demo from the filling of the shelves to the verdict."""

import time
from random import Random

from rich.console import Console

from shopctl.demo.auditing import audit
from shopctl.demo.goods import CURRENCY, goods
from shopctl.demo.observer import Observer
from shopctl.demo.outcome import Outcome
from shopctl.demo.screen import Screen
from shopctl.demo.selling import Sales, sell
from shopctl.demo.shoppers import shoppers
from shopctl.quiet import wait_until_quiet
from shopctl.run_dir import RunDir
from shopctl.shop import Shop, shop_of
from shopctl.stack import Stack
from shopctl.status import status
from shopctl.stocking import stock_up

SETTLED_WITHIN_S = 90.0
AUDIT_WAITS_S = 60.0
WRONG_TOLD = 5
MIB = 1 << 20


async def perform(stack: Stack, console: Console, *, orders: int, seed: int) -> bool:
    """True if all orders ended as they should, and the audit finds nothing."""
    random = Random(seed)  # noqa: S311 - dice, not secrets
    products = goods(random, orders=orders)
    coming = shoppers(random, products, orders=orders)
    sales = Sales(wanted=orders)
    async with shop_of(stack.file) as shop, Observer.listening(stack.file.nats.url) as observer:
        stocked = await stock_up(shop, lambda: products, currency=CURRENCY)
        console.print(f"{stocked.products:,} products on the shelves; the customers come.\n")
        screen = Screen(console, shop, observer, sales)
        async with screen.shown():
            await sell(shop, observer, coming, sales, run=f"demo-{seed}-{time.time_ns()}")
            screen.doing = "Settling"
            is_settled = await wait_until_quiet(shop, within_s=SETTLED_WITHIN_S)
            screen.doing = "Settled" if is_settled else "Not settled"
        ended = [(who.habit, observer.end_of(order_id)) for who, order_id in sales.placed]
        outcome = Outcome.of(ended)
        await _tell(shop, stack.run_dir, outcome, sales, console)
    accepted = [order_id for _, order_id in sales.placed]
    console.print("\nThe audit, which trusts no service:\n")
    holds = await audit(stack.run_dir.stack, accepted, wait_s=AUDIT_WAITS_S)
    return holds and is_settled and not outcome.strange and not sales.refused


async def _tell(
    shop: Shop, run_dir: RunDir, outcome: Outcome, sales: Sales, console: Console
) -> None:
    console.print("\n", outcome.table(), sep="")
    wrong = [*outcome.strange, *(f"refused with {it.status}: {it.reason}" for it in sales.refused)]
    for what in wrong[:WRONG_TOLD]:
        console.print(what, style="red", markup=False)
    summary = await shop.get("analytics", "/reports/summary")
    memory = sum(part.memory_bytes for part in await status(run_dir))
    revenue = (summary["revenue_cents"] or 0) / 100
    console.print(
        f"\nRevenue {revenue:,.2f} {CURRENCY} from {summary['customers']:,} customers; "
        f"the whole shop takes {memory / MIB:,.0f} MiB of memory."
    )
