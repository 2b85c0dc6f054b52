"""HTTP → mails. Any caller with a token may read them."""

from uuid import UUID

from fastapi import APIRouter, Depends

from services.email.repository import MailReader
from services.email.schemas import MailsView, MailView
from shared.http.auth import caller


def router(mails: MailReader) -> APIRouter:
    routes = APIRouter(prefix="/mails", tags=["mails"], dependencies=[Depends(caller)])

    @routes.get("")
    async def mails_of_order(order_id: UUID) -> MailsView:
        """The mails of one order; none, if nothing was to be said of it."""
        found = await mails.of_order(order_id)
        return MailsView(mails=[MailView.model_validate(mail) for mail in found])

    return routes
