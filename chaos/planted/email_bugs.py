"""A bug in when a mail goes out."""

from uuid import UUID

from services.email.domain import CLAIM_LASTS, Claim
from services.email.mails import Mails
from services.email.rendering.words import Notice
from services.email.use_cases import Mailroom, TakeUp
from shared.events import PaymentRefunded
from shared.persistence.work import Decision, Work


def mail_before_intent() -> None:
    """The mail is sent first, and what was sent is stored after it: nobody else knows it goes."""

    send = Mailroom._send

    async def send_first(
        self: Mailroom, order_id: UUID, take_up: TakeUp, *, consumed: Notice | None
    ) -> int:
        if consumed is None or isinstance(consumed, PaymentRefunded):  # it may have to wait
            return await send(self, order_id, take_up, consumed=consumed)
        now = self.clock()
        claim = Claim(self.new_id(), until=now + CLAIM_LASTS)
        errands = take_up(Mails(), claim, now)
        reports = [await self._run(errand, consumed) for errand in errands]

        def decide(mails: Mails) -> Decision[None]:
            take_up(mails, claim, now)
            mails.settle(reports, now=now)
            return Decision(None)

        await self.commits.run(Work(order_id, decide, consumed=consumed))
        return len(reports)

    Mailroom._send = send_first  # type: ignore[method-assign]  # planted
