"""HTTP → payments. Any caller with a token may read them; mismatches are for operators."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from services.payment.domain import PaymentNotFound
from services.payment.reconciliation.comparison import Problem
from services.payment.reconciliation.listing import MismatchReader
from services.payment.repository import PaymentReader
from services.payment.schemas import MismatchPage, MismatchView, PaymentView
from shared.http.auth import caller, operator_only

ERRORS: dict[type[Exception], int] = {PaymentNotFound: 404}
LONGEST_CURSOR = 2**63 - 1


def router(payments: PaymentReader, mismatches: MismatchReader) -> APIRouter:
    routes = APIRouter(prefix="/payments", tags=["payments"], dependencies=[Depends(caller)])

    @routes.get("")
    async def payment_of_order(order_id: UUID) -> PaymentView:
        """The order's one payment; 404 while nobody asked for it."""
        return PaymentView.model_validate(await payments.of_order(order_id))

    @routes.get("/mismatches", dependencies=[Depends(operator_only)])
    async def search_mismatches(
        problem: Problem | None = None,
        gone: Annotated[bool, Query(description="Also those that turned out right.")] = False,  # noqa: FBT002 - a query parameter
        limit: Annotated[int, Query(ge=1, le=500)] = 100,
        cursor: Annotated[int | None, Query(ge=1, le=LONGEST_CURSOR)] = None,
    ) -> MismatchPage:
        """Differences between payments and the provider's ledger, newest first."""
        rows = await mismatches.page(problem=problem, gone=gone, before=cursor, limit=limit + 1)
        page = [MismatchView.model_validate(row) for row in rows[:limit]]
        return MismatchPage(
            mismatches=page,
            compared_at=(await mismatches.standing()).finished_at,
            next_cursor=page[-1].mismatch_id if len(rows) > limit else None,
        )

    @routes.get("/{payment_id}")
    async def payment(payment_id: UUID) -> PaymentView:
        """One payment."""
        return PaymentView.model_validate(await payments.payment(payment_id))

    return routes
