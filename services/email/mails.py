"""All mails of some orders: who may send which, and how it went."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from uuid import UUID

from services.email.domain import BeingSent, Claim, Errand, Kind, Mail, Report, Status
from shared.errors import DependencyDown, PermanentError


class Mails:
    """Every mail of the orders that a group of decisions is about."""

    def __init__(self, stored: Iterable[Mail] = ()) -> None:
        self._orders: dict[UUID, dict[Kind, Mail]] = {}
        self.new: list[Mail] = []
        for mail in stored:
            self._of(mail.order_id)[mail.kind] = mail

    def __iter__(self) -> Iterator[Mail]:
        for mails in self._orders.values():
            yield from mails.values()

    def take_up(self, draft: Mail, claim: Claim, *, now: datetime) -> tuple[Errand, ...]:
        """Store the intent, and claim what can go now: this mail, and one that waited for it.

        Nothing goes if the mail was sent before, or if it has to wait for an address.

        Raises:
            BeingSent: another handler is at it.
        """
        siblings = self._of(draft.order_id)
        mail = siblings.get(draft.kind, draft)
        holder = mail.holder(now)
        if holder is not None and not mail.waits:
            raise BeingSent(mail.order_id, mail.kind, holder.until)
        if mail is draft:
            siblings[draft.kind] = draft
            self.new.append(draft)
        if mail.recipient is None:
            mail.recipient = None if holder else self._address_of(draft.order_id)
        if mail.recipient is None:
            return ()
        due = [mail, *(other for other in siblings.values() if other.waits)]
        return tuple(
            each.entrust(claim, recipient=mail.recipient, now=now)
            for each in due
            if each.status is not Status.SENT and each.holder(now) is None
        )

    def take_up_stale(self, order_id: UUID, claim: Claim, *, now: datetime) -> tuple[Errand, ...]:
        """Claim the order's mails that nobody has touched for long."""
        recipient = self._address_of(order_id)
        if recipient is None:
            return ()
        return tuple(
            mail.entrust(claim, recipient=mail.recipient or recipient, now=now)
            for mail in self._of(order_id).values()
            if mail.is_stale(now)
        )

    def settle(self, reports: Iterable[Report], *, now: datetime) -> None:
        """Write down how the errands went."""
        for report in reports:
            errand = report.errand
            mail = self._of(errand.order_id)[errand.kind]
            match report.error:
                case None:
                    mail.accepted(errand.recipient, now=now)
                case PermanentError() as error:
                    mail.refused(str(error), claim=errand.claim, now=now)
                case error:
                    tried = not isinstance(error, DependencyDown)
                    mail.put_back(str(error), claim=errand.claim, now=now, tried=tried)

    @property
    def changed(self) -> list[Mail]:
        """Those that have a row, and are not as it is."""
        return [mail for mail in self if mail.changed and mail.row_version is not None]

    def stored(self, transaction: int) -> None:
        """Note that all of them stand in the database as they are here, by that transaction."""
        for mail in (*self.new, *self.changed):
            mail.row_version, mail.changed = transaction, False

    def _address_of(self, order_id: UUID) -> str | None:
        return next((m.recipient for m in self._of(order_id).values() if m.recipient), None)

    def _of(self, order_id: UUID) -> dict[Kind, Mail]:
        return self._orders.setdefault(order_id, {})
