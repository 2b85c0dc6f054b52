"""HTTP → payments. Any caller with a token may read them."""

from uuid import UUID

from fastapi import APIRouter, Depends

from services.payment.domain import PaymentNotFound
from services.payment.repository import PaymentReader
from services.payment.schemas import PaymentView
from shared.http.auth import caller

ERRORS: dict[type[Exception], int] = {PaymentNotFound: 404}


def router(payments: PaymentReader) -> APIRouter:
    routes = APIRouter(prefix="/payments", tags=["payments"], dependencies=[Depends(caller)])

    @routes.get("")
    async def payment_of_order(order_id: UUID) -> PaymentView:
        """The order's one payment; 404 while nobody asked for it."""
        return PaymentView.model_validate(await payments.of_order(order_id))

    @routes.get("/{payment_id}")
    async def payment(payment_id: UUID) -> PaymentView:
        """One payment."""
        return PaymentView.model_validate(await payments.payment(payment_id))

    return routes
