"""HTTP → reports. Any caller with a token may read them."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from fastapi.exceptions import RequestValidationError

from services.analytics import schemas
from services.analytics.figures import sole_currency
from services.analytics.reports import Reports
from services.analytics.windows import Span, SpanError
from shared.clock import Clock
from shared.http.auth import caller

Limit = Annotated[int, Query(ge=1, le=1000)]


def router(reports: Reports, *, clock: Clock) -> APIRouter:
    routes = APIRouter(prefix="/reports", tags=["reports"], dependencies=[Depends(caller)])

    @routes.get("/summary")
    async def summary() -> schemas.Summary:
        """What happened so far, over all time."""
        return schemas.Summary.model_validate(await reports.summary())

    @routes.get("/revenue")
    async def revenue(query: Annotated[schemas.RevenueQuery, Query()]) -> schemas.Revenue:
        """Revenue and orders in UTC windows, by event time; empty windows are left out."""
        span = _span(query, clock=clock)
        found = await reports.revenue(span)
        return schemas.Revenue(
            window=span.window,
            first=span.start,
            last=span.end,
            currency=sole_currency(found),
            windows=[schemas.RevenueWindow.model_validate(window) for window in found],
        )

    @routes.get("/top-products")
    async def top_products(limit: Limit = 10) -> schemas.TopProducts:
        """The products of which most pieces were sold; later cancellations do not count back."""
        found = await reports.top_products(limit)
        return schemas.TopProducts(
            products=[schemas.Product.model_validate(product) for product in found]
        )

    @routes.get("/payment-methods")
    async def payment_methods() -> schemas.PaymentMethods:
        """How payments went, by method."""
        found = await reports.payment_methods()
        return schemas.PaymentMethods(
            methods=[schemas.PaymentMethod.model_validate(method) for method in found]
        )

    return routes


def _span(query: schemas.RevenueQuery, *, clock: Clock) -> Span:
    try:
        return Span.covering(query.window, first=query.first, last=query.last, now=clock())
    except SpanError as error:
        blame = {"type": "value_error", "loc": ("query", error.field), "msg": str(error)}
        raise RequestValidationError([blame]) from error
