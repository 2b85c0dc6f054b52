"""The use cases of the catalogue and of goods that come in; as in `use_cases.py`, each returns
the work: which rows, and what to decide.
"""

from collections.abc import Iterable, Sequence
from copy import copy
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from services.inventory.domain import Description, Product, Receipt
from services.inventory.repository import Needs
from services.inventory.shelf import Shelf
from services.inventory.use_cases import StockWork
from shared.clock import NewId
from shared.events import ProductChanged, first_cause
from shared.persistence.work import Decision, Work


class Outcome(NamedTuple):
    """What a command made of a product, and the product as it stood after it."""

    product: Product
    is_new: bool


@dataclass(frozen=True, slots=True)
class Line:
    """One good line of an imported file: a description and a receipt of goods."""

    sku: str
    description: Description
    quantity: int
    reference: str

    @property
    def receipt(self) -> Receipt:
        return Receipt(self.sku, self.reference, self.quantity)


def change_product(
    sku: str, description: Description, *, at: datetime, new_id: NewId
) -> StockWork[Outcome]:
    """Make the product or change it, and say so if that changed anything."""

    def decide(shelf: Shelf) -> Decision[Outcome]:
        is_new = sku not in shelf.products
        changed = shelf.describe(sku, description, at=at)
        # A copy: the neighbours in the group go on working on the product itself.
        product = copy(shelf.products[sku])
        return Decision(Outcome(product, is_new), _said([product] if changed else [], new_id))

    return Work(Needs(skus=(sku,)), decide)


def receive_goods(receipt: Receipt) -> StockWork[Outcome]:
    """Count goods in, once for each SKU and reference.

    Its decision raises ProductNotFound or ReceiptConflict.
    """

    def decide(shelf: Shelf) -> Decision[Outcome]:
        is_new = shelf.receive(receipt)
        return Decision(Outcome(copy(shelf.products[receipt.sku]), is_new))

    key = (receipt.sku, receipt.reference)
    return Work(Needs(skus=(receipt.sku,), receipts=(key,)), decide)


def take_in(lines: Sequence[Line], *, at: datetime, new_id: NewId) -> StockWork[int]:
    """Take in some lines of a file; return how many of them were not taken in before.

    A line counts once, its description too: the same file again changes nothing, not even a
    price that was changed since.
    """

    def decide(shelf: Shelf) -> Decision[int]:
        new = [line for line in lines if not shelf.has_counted(line.receipt)]
        changed = {line.sku for line in new if shelf.describe(line.sku, line.description, at=at)}
        for line in new:
            shelf.receive(line.receipt)
        return Decision(len(new), _said([shelf.products[sku] for sku in sorted(changed)], new_id))

    keys = tuple((line.sku, line.reference) for line in lines)
    return Work(Needs(skus=tuple(line.sku for line in lines), receipts=keys), decide)


def _said(changed: Iterable[Product], new_id: NewId) -> tuple[ProductChanged, ...]:
    return tuple(
        ProductChanged(
            **first_cause(event_id=new_id(), at=product.changed_at),
            sku=product.sku,
            name=product.name,
            price_cents=product.price_cents,
            currency=product.currency,
        )
        for product in changed
    )
