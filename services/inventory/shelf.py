"""The part of the stock that a group of decisions works on: every rule that joins an order's
reservation to the products it holds.

Each verb checks everything before it changes anything.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from uuid import UUID

from services.inventory.domain import (
    Description,
    Product,
    ProductNotFound,
    Receipt,
    ReceiptConflict,
    Reservation,
    ReservationNotFound,
    ReservationState,
    Shortage,
)

ReceiptKey = tuple[str, str]
"""SKU and reference."""


class Shelf:
    """Products by SKU, reservations by order, receipts by SKU and reference."""

    __slots__ = ("new_receipts", "products", "receipts", "reservations")

    def __init__(
        self,
        products: Iterable[Product] = (),
        reservations: Iterable[Reservation] = (),
        receipts: Iterable[Receipt] = (),
    ) -> None:
        self.products = {product.sku: product for product in products}
        self.reservations = {held.order_id: held for held in reservations}
        self.receipts = {(came.sku, came.reference): came.quantity for came in receipts}
        self.new_receipts: list[Receipt] = []

    def reserve(self, wanted: Reservation) -> tuple[Shortage, ...]:
        """Hold everything that is wanted, or nothing; return what is short."""
        missing = self._shortages(wanted.quantities.items())
        if missing:
            wanted.reject()
        else:
            wanted.reserve()
            self._each(wanted, Product.reserve)
        self.reservations[wanted.order_id] = wanted
        return missing

    def sell(self, order_id: UUID) -> tuple[Shortage, ...]:
        """Make a reservation a sale; return what is short, which only one that expired can be.

        An order that was sold, cancelled or rejected before stays as it is.

        Raises:
            ReservationNotFound: nothing was ever reserved, so nothing can have been confirmed.
        """
        held = self._reservation(order_id)
        match held.state:
            case ReservationState.RESERVED:
                held.sell()
                self._each(held, Product.sell)
            case ReservationState.EXPIRED:
                return self._sell_expired(held)
        return ()

    def release(self, order_id: UUID) -> Reservation | None:
        """Put back what a cancelled order holds or bought; return none if that was nothing."""
        held = self._reservation(order_id)
        match held.state:
            case ReservationState.RESERVED:
                held.release()
                self._each(held, Product.release)
                return held
            case ReservationState.SOLD:
                held.release()
                self._each(held, Product.take_back)
                return held
            case ReservationState.EXPIRED:
                held.release()  # so that a confirmation still on its way takes nothing again
        return None

    def forestall(self, never: Reservation) -> None:
        """Note that an order was cancelled before its placing was heard of: it gets nothing."""
        never.release()
        self.reservations[never.order_id] = never

    def expire(self, order_id: UUID, *, due: datetime) -> Reservation | None:
        """Put back what an order holds, if that ran out by `due`; return none if it did not."""
        held = self._reservation(order_id)
        if not held.is_due(due):
            return None
        held.expire()
        self._each(held, Product.release)
        return held

    def describe(self, sku: str, description: Description, *, at: datetime) -> bool:
        """Make a product, or change it; return whether that changed anything."""
        if product := self.products.get(sku):
            return product.describe(description, at=at)
        self.products[sku] = Product.new(sku, description, at=at)
        return True

    def has_counted(self, receipt: Receipt) -> bool:
        return (receipt.sku, receipt.reference) in self.receipts

    def receive(self, receipt: Receipt) -> bool:
        """Count goods in; return false for a receipt that was counted before.

        Raises:
            ProductNotFound: nobody described that SKU.
            ReceiptConflict: the reference was used for another quantity.
        """
        product = self.products.get(receipt.sku)
        if product is None:
            raise ProductNotFound(receipt.sku)
        key = (receipt.sku, receipt.reference)
        counted = self.receipts.get(key)
        if counted is None:
            product.receive(receipt.quantity)
            self.receipts[key] = receipt.quantity
            self.new_receipts.append(receipt)
        elif counted != receipt.quantity:
            raise ReceiptConflict(receipt.sku, receipt.reference, counted)
        return counted is None

    def _reservation(self, order_id: UUID) -> Reservation:
        try:
            return self.reservations[order_id]
        except KeyError:
            raise ReservationNotFound(order_id) from None

    def _sell_expired(self, held: Reservation) -> tuple[Shortage, ...]:
        """Take the stock of a reservation again that ran out while its payment was under way."""
        missing = self._shortages(held.quantities.items())
        if missing:
            held.reject()
            return missing
        held.sell()
        self._each(held, Product.reserve)
        self._each(held, Product.sell)
        return ()

    def _shortages(self, wanted: Iterable[tuple[str, int]]) -> tuple[Shortage, ...]:
        return tuple(
            Shortage(sku, quantity, available)
            for sku, quantity in wanted
            if quantity > (available := self._available(sku))
        )

    def _available(self, sku: str) -> int:
        product = self.products.get(sku)
        return product.on_hand if product else 0

    def _each(self, held: Reservation, move: Callable[[Product, int], None]) -> None:
        for sku, quantity in held.quantities.items():
            move(self.products[sku], quantity)
