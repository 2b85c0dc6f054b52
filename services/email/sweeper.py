"""Picks up, now and then, the mails that a crash has left and no redelivery has brought back."""

import structlog

from services.email.domain import STALE_AFTER
from services.email.repository import MailReader
from services.email.use_cases import Mailroom
from shared.clock import Clock
from shared.errors import PermanentError, TransientError

log = structlog.get_logger(__name__)

ORDERS_AT_ONCE = 200


class Sweeper:
    """The periodic job. Every replica does it; the claims keep them apart."""

    def __init__(self, mailroom: Mailroom, mails: MailReader, clock: Clock) -> None:
        self._mailroom = mailroom
        self._mails = mails
        self._clock = clock

    async def run(self) -> None:
        """Send what is stale; DependencyDown ends the round."""
        before = self._clock() - STALE_AFTER
        for order_id in await self._mails.stale_orders(before, limit=ORDERS_AT_ONCE):
            try:
                sent = await self._mailroom.send_stale(order_id)
            except (PermanentError, TransientError) as error:
                log.warning("mail.stale_not_sent", order_id=str(order_id), error=str(error))
            else:
                log.info("mail.stale_sent", order_id=str(order_id), mails=sent)
