"""A bug in how stock is read."""

import asyncpg

from services.inventory import repository
from services.inventory.domain import Product

UNLOCKED = repository.LOAD_PRODUCTS.replace("FOR NO KEY UPDATE", "")


def check_then_update() -> None:
    """The stock is looked at without a lock: another replica sells it before it is written."""

    async def products(tx: asyncpg.Connection, skus: set[str]) -> list[Product]:
        return [Product(*row) for row in await tx.fetch(UNLOCKED, list(skus))]

    repository._products = products
