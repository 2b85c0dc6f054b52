"""Filling the shop's shelves."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from shopctl.catalogue_file import Product, catalogue_file
from shopctl.errors import ShopctlError
from shopctl.quiet import wait_until_quiet
from shopctl.shop import Shop

ORDERABLE_WITHIN_S = 30.0


class NotStockedError(ShopctlError):
    def __init__(self, count: int, number: int, reason: str) -> None:
        super().__init__(f"the shop refuses {count:,} products; the {number}th, for one: {reason}")


@dataclass(frozen=True, slots=True)
class Stocked:
    products: int
    known: int  # of these: had been imported before, and change nothing


async def stock_up(
    shop: Shop, products: Callable[[], Iterable[Product]], *, currency: str
) -> Stocked:
    """Imports them, and returns when they can be ordered.

    `products` gives them anew at each call. Raises NotStockedError where one is refused.
    """
    done = await shop.import_products(lambda: catalogue_file(products(), currency=currency))
    if done["rejected"]:
        first = done["rejected"][0]
        raise NotStockedError(done["rejected_count"], first["line"] - 1, first["reason"])
    await wait_until_quiet(shop, within_s=ORDERABLE_WITHIN_S)
    return Stocked(done["imported"], done["repeated"])
