"""What the campaign's shop sells."""

import asyncio
from collections.abc import Sequence

import aiohttp

from shopctl.stack_file import StackFile

PRODUCTS = tuple(f"CHAOS-{number}" for number in range(12))
PLENTY = 1_000_000
ORDERABLE_AFTER_S = 1.2  # the contract says: within a second


async def fill(
    http: aiohttp.ClientSession,
    stack: StackFile,
    skus: Sequence[str] = PRODUCTS,
    *,
    stock: int = PLENTY,
) -> list[str]:
    """Import products with that much stock each, and return them when they can be ordered."""
    lines = [f"{sku},Thing {sku},{100 + 7 * n},EUR,{stock}" for n, sku in enumerate(skus)]
    file = "\n".join(["sku,name,price_cents,currency,quantity", *lines, ""])
    headers = {"Authorization": f"Bearer {stack.tokens.operator}", "Content-Type": "text/csv"}
    url = f"{stack.services['inventory'].url}/products/import"
    async with http.post(url, headers=headers, data=file.encode()) as answer:
        answer.raise_for_status()
    await asyncio.sleep(ORDERABLE_AFTER_S)
    return list(skus)
