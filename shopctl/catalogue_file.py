"""The file that `POST /products/import` takes, written piece by piece."""

import csv
import io
from collections.abc import AsyncIterator, Iterable
from typing import NamedTuple

COLUMNS = ("sku", "name", "price_cents", "currency", "quantity")
PRODUCTS_AT_ONCE = 200


class Product(NamedTuple):
    sku: str
    name: str  # "": it is called by its SKU
    price_cents: int
    quantity: int  # in stock


async def catalogue_file(products: Iterable[Product], *, currency: str) -> AsyncIterator[bytes]:
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow(COLUMNS)
    for count, product in enumerate(products, start=1):
        name = product.name or product.sku
        rows.writerow((product.sku, name, product.price_cents, currency, product.quantity))
        if count % PRODUCTS_AT_ONCE == 0:
            yield text.getvalue().encode()
            text.seek(0)
            text.truncate()
    yield text.getvalue().encode()
