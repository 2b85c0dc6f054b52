"""What email does: tell the customer what happened to an order, once.

The mail server is called between two commits: the intent and the claim are stored before it, what
it said after it. Whoever comes along after a crash in between finds the mail PENDING, waits for
the end of the claim and sends it; README.md says when a mail can go out twice.
"""

from __future__ import annotations  # else evaluated for each event, 0.4 µs a `decide`

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from time import perf_counter
from uuid import UUID

import stamina

from services.email.domain import CLAIM_LASTS, Claim, Errand, Kind, Mail, Report
from services.email.mailer import Mailer
from services.email.mails import Mails
from services.email.metrics import MailMetrics
from services.email.rendering.composer import Composer
from services.email.rendering.words import Notice
from services.email.repository import Held
from shared.clock import Clock, NewId
from shared.errors import DependencyDown, Overloaded
from shared.events import OrderCancelled, OrderConfirmed, OrderShipped, PaymentRefunded
from shared.persistence.group_commit import GroupCommit
from shared.persistence.work import Decision, Work

TakeUp = Callable[[Mails, Claim, datetime], tuple[Errand, ...]]


@dataclass(frozen=True, slots=True)
class Mailroom:
    """The use cases, and what they need."""

    commits: GroupCommit[UUID, Mails]
    outcomes: GroupCommit[Held, Mails]
    composer: Composer
    mailer: Mailer
    metrics: MailMetrics
    clock: Clock
    new_id: NewId

    async def announce(self, event: Notice) -> None:
        """Send the mail that an event calls for, and a refund mail that waited for the address.

        A refund mail without an address is stored and waits; its event is done with.

        Raises:
            AlreadyConsumed: it was done before.
            BeingSent, TransientError: not now; PermanentError: refused, the mail is FAILED.
            DependencyDown: the mail server or Postgres is away.
        """

        def take_up(mails: Mails, claim: Claim, now: datetime) -> tuple[Errand, ...]:
            return mails.take_up(draft_of(event, now), claim, now=now)

        await self._send(event.order_id, take_up, consumed=event)

    async def send_stale(self, order_id: UUID) -> int:
        """Send the order's mails that nobody has touched for long, and return how many.

        Raises as `announce` does.
        """

        def take_up(mails: Mails, claim: Claim, now: datetime) -> tuple[Errand, ...]:
            return mails.take_up_stale(order_id, claim, now=now)

        return await self._send(order_id, take_up, consumed=None)

    async def _send(self, order_id: UUID, take_up: TakeUp, *, consumed: Notice | None) -> int:
        now = self.clock()
        claim = Claim(self.new_id(), until=now + CLAIM_LASTS)

        def decide(mails: Mails) -> Decision[tuple[Errand, ...]]:
            return Decision(take_up(mails, claim, now))

        errands = await self.commits.run(Work(order_id, decide))
        reports = [await self._run(errand, consumed) for errand in errands]
        failure = next((report.error for report in reports if report.error), None)
        if reports or consumed:
            await self._record(order_id, reports, consumed=None if failure else consumed)
        if failure:
            raise failure
        return len(reports)

    async def _run(self, errand: Errand, event: Notice | None) -> Report:
        started, error = perf_counter(), None
        try:
            letter = self.composer.compose(errand, event)
            await self.mailer.send(letter, may_begin=lambda: self.clock() < errand.claim.last_start)
        except Exception as failure:  # noqa: BLE001 - raised again when the claim is given back
            error = failure
        self.metrics.tried(errand.kind, error, perf_counter() - started)
        return Report(errand, error)

    async def _record(
        self, order_id: UUID, reports: list[Report], *, consumed: Notice | None
    ) -> None:
        """Store how the errands went.

        That a mail was accepted is known only here, so while Postgres is away this does not give
        up: it would have to be sent again.
        """
        now = self.clock()

        def decide(mails: Mails) -> Decision[None]:
            mails.settle(reports, now=now)
            return Decision(None)

        held = Held(order_id, [report.errand.mail for report in reports])
        work = Work(held, decide, consumed=consumed)
        try:
            await self.outcomes.run(work)
        except (DependencyDown, Overloaded):
            if all(report.error for report in reports):
                raise
            await self._insist(work)

    async def _insist(self, work: Work[Held, Mails, None]) -> None:
        async for attempt in stamina.retry_context(
            on=(DependencyDown, Overloaded), attempts=None, timeout=None, wait_max=1.0
        ):
            with attempt:
                await self.outcomes.run(work)


def draft_of(event: Notice, now: datetime) -> Mail:
    """Return the mail that an event calls for."""
    return Mail(
        order_id=event.order_id,
        kind=kind_of(event),
        event_id=event.event_id,
        event=event.to_bytes().decode(),
        recipient=None if isinstance(event, PaymentRefunded) else event.customer_email,
        created_at=now,
        updated_at=now,
    )


def kind_of(event: Notice) -> Kind:
    match event:
        case OrderConfirmed():
            return Kind.CONFIRMED
        case OrderCancelled():
            return Kind.CANCELLED
        case OrderShipped():
            return Kind.SHIPPED
        case PaymentRefunded():
            return Kind.REFUNDED
