"""What is sold and what people do, from a TOML file."""

import os
import tomllib
from pathlib import Path
from random import Random
from typing import Self

from pydantic import BaseModel, ConfigDict

DEFAULT = Path(__file__).with_name("world.toml")


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Product(Part):
    sku: str
    name: str
    price_cents: int
    weight: int = 1


class Flash(Part):
    sku: str
    name: str
    price_cents: int
    stock: int


class Customers(Part):
    pause_s: tuple[float, float]
    lines: tuple[int, int]
    quantity: tuple[int, int]
    do: dict[str, int]
    pay: dict[str, int]


class Operators(Part):
    count: int
    pause_s: tuple[float, float]
    ship_at_once: int
    restock: int


class World(Part):
    currency: str
    stock: int
    products: tuple[Product, ...]
    customers: Customers
    operators: Operators
    flash: Flash

    @classmethod
    def read(cls) -> Self:
        """Read LOAD_WORLD, or the file beside this one."""
        path = Path(os.environ.get("LOAD_WORLD") or DEFAULT)
        return cls.model_validate(tomllib.loads(path.read_text()))

    def basket(self, chance: Random, *, is_flash: bool) -> list[dict[str, object]]:
        """Return some products, the popular ones more often; in a flash sale the one."""
        if is_flash:
            return [{"sku": self.flash.sku, "quantity": 1}]
        wanted = chance.randint(*self.customers.lines)
        weights = [product.weight for product in self.products]
        chosen = dict.fromkeys(chance.choices(self.products, weights, k=wanted))
        quantity = self.customers.quantity
        return [{"sku": it.sku, "quantity": chance.randint(*quantity)} for it in chosen]

    def card(self, chance: Random, *, is_flash: bool) -> str:
        pay = {"card_ok": 1} if is_flash else self.customers.pay
        return chance.choices(list(pay), list(pay.values()))[0]

    def catalogue(self) -> str:
        """Return the file that `POST /products/import` takes."""
        lines = ["sku,name,price_cents,currency,quantity"]
        lines += [
            f"{it.sku},{it.name},{it.price_cents},{self.currency},{self.stock}"
            for it in self.products
        ]
        flash = self.flash
        lines.append(f"{flash.sku},{flash.name},{flash.price_cents},{self.currency},{flash.stock}")
        return "\n".join(lines) + "\n"
