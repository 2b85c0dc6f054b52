"""Products and receipts over HTTP. Prices are integers in minor units of the currency."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from services.inventory.details import (
    MAX_PRICE_CENTS,
    MAX_QUANTITY,
    checked_currency,
    checked_name,
    checked_reference,
    checked_sku,
)
from services.inventory.domain import Description, Product
from services.inventory.tables import ProductRow

Sku = Annotated[str, AfterValidator(checked_sku)]


class ProductIn(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    name: Annotated[str, AfterValidator(checked_name)]
    price_cents: Annotated[int, Field(ge=0, le=MAX_PRICE_CENTS)]
    currency: Annotated[str, AfterValidator(checked_currency)]

    def description(self) -> Description:
        return Description(self.name, self.price_cents, self.currency)


class ReceiptIn(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    quantity: Annotated[int, Field(ge=1, le=MAX_QUANTITY)]
    reference: Annotated[str, AfterValidator(checked_reference)]


class ProductOut(BaseModel):
    """received = on_hand + reserved + sold; what is on hand is available to be reserved."""

    sku: str
    name: str
    price_cents: int
    currency: str
    on_hand: int
    reserved: int
    available: int
    sold: int
    received: int

    @classmethod
    def of(cls, product: Product | ProductRow) -> "ProductOut":
        return cls(
            sku=product.sku,
            name=product.name,
            price_cents=product.price_cents,
            currency=product.currency,
            on_hand=product.on_hand,
            reserved=product.reserved,
            available=product.on_hand,
            sold=product.sold,
            received=product.received,
        )


class ProductPage(BaseModel):
    """Products in the order of their SKUs; `next_cursor` is none on the last page."""

    products: list[ProductOut]
    next_cursor: str | None


class RejectedLine(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    line: int
    reason: str


class ImportOut(BaseModel):
    """`imported` counts the good lines, `repeated` those among them that were known before.

    `rejected` shows the first 1,000, `rejected_count` counts all.
    """

    imported: int
    repeated: int
    rejected_count: int
    rejected: list[RejectedLine]


def cursor_after(sku: str) -> str:
    return urlsafe_b64encode(sku.encode()).decode()


def _sku_of(cursor: str) -> str:
    """Return the SKU that the page follows."""
    try:
        return checked_sku(urlsafe_b64decode(cursor.encode()).decode())
    except ValueError:
        raise ValueError("is not a cursor of this list") from None


Cursor = Annotated[str, AfterValidator(_sku_of)]
