"""The reports over HTTP. Amounts are integers in minor units of the currency beside them."""

import re
from datetime import datetime
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

from services.analytics.windows import Window

RFC_3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)")


def _rfc_3339(value: object) -> object:
    """Refuse what pydantic would also take: seconds since 1970, dates, times of no zone."""
    if isinstance(value, str) and not RFC_3339.fullmatch(value):
        raise ValueError("must be an RFC 3339 time, like 2025-01-31T08:00:00Z (send + as %2B)")
    return value


Moment = Annotated[AwareDatetime, BeforeValidator(_rfc_3339)]


class RevenueQuery(BaseModel):
    model_config = ConfigDict(extra="forbid")

    window: Window = Window.HOUR
    first: Moment | None = Field(default=None, alias="from")
    last: Moment | None = Field(default=None, alias="to")


class Figures(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class CurrencySummary(Figures):
    currency: str
    orders_confirmed: int
    confirmed_cents: int = Field(description="gross: the totals of all confirmed orders")
    revenue_cents: int = Field(description="gross, less the confirmed orders that were cancelled")
    average_order_cents: int | None
    refunded_cents: int


class Summary(Figures):
    """The shop so far. Amounts are null while there are several currencies: see `by_currency`."""

    orders_placed: int
    orders_confirmed: int
    orders_cancelled: int
    orders_shipped: int
    stock_rejections: int
    customers: int = Field(description="different customers who placed an order")
    currency: str | None
    revenue_cents: int | None
    average_order_cents: int | None
    refunded_cents: int | None
    payments_succeeded: int
    payments_failed: int
    payment_success_rate: float | None = Field(description="0 to 1; null before any answer")
    by_currency: list[CurrencySummary]
    events: dict[str, int] = Field(description="how many events of each type were heard")


class RevenueWindow(Figures):
    start: datetime
    end: datetime
    currency: str
    revenue_cents: int
    refunded_cents: int
    orders_placed: int
    orders_confirmed: int
    orders_cancelled: int


class Revenue(BaseModel):
    """The windows in `[from, to)` in which something happened."""

    model_config = ConfigDict(serialize_by_alias=True)

    window: Window
    first: datetime = Field(serialization_alias="from")
    last: datetime = Field(serialization_alias="to")
    currency: str | None = Field(description="the one currency of the report, if it has one")
    windows: list[RevenueWindow]


class Product(Figures):
    sku: str
    name: str
    currency: str
    quantity: int
    revenue_cents: int


class TopProducts(BaseModel):
    products: list[Product]


class PaymentMethod(Figures):
    payment_method: str
    currency: str
    succeeded: int
    failed: int
    amount_cents: int


class PaymentMethods(BaseModel):
    methods: list[PaymentMethod]
