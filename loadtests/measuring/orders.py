"""What is ordered: made-up goods in plenty, and baskets from a seeded chance."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

import orjson

from shopctl.catalogue_file import Product

CURRENCY = "EUR"
PRODUCTS = 100
PLENTY = 1_000_000_000
LINES = 3
CUSTOMERS = 5_000


@dataclass(frozen=True, slots=True)
class Basket:
    """A file of request bodies, one a line; addresses are unique, so that mails can be told."""

    path: Path
    orders: int
    lines: float  # of an order, on average


def goods() -> list[Product]:
    return [
        Product(f"BENCH-{number:03}", f"Benchmark product {number}", 500 + 7 * number, PLENTY)
        for number in range(PRODUCTS)
    ]


def write(path: Path, orders: int, *, run: str) -> Basket:
    """Write bodies of three different products each."""
    skus = [product.sku for product in goods()]
    with path.open("wb") as file:
        chance = Random(run)  # noqa: S311 - dice, not secrets
        for number in range(orders):
            file.write(orjson.dumps(_body(skus, chance, to=address(run, number))) + b"\n")
    return Basket(path, orders, float(LINES))


def address(run: str, number: int) -> str:
    return f"{run}-{number}@example.com"


def _body(skus: Sequence[str], chance: Random, *, to: str) -> dict[str, object]:
    return {
        "customer_id": f"customer-{chance.randrange(CUSTOMERS)}",
        "customer_email": to,
        "items": [
            {"sku": sku, "quantity": chance.randint(1, 3)} for sku in chance.sample(skus, LINES)
        ],
        "payment_method": "card_ok",
    }
