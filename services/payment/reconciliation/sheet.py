"""What a page of the ledger comes to; standard library only."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from services.payment.domain import Status
from services.payment.reconciliation.comparison import Entry, Kind, Movement, Verdict, judge


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """How far our payments were looked for in the ledger: what lies before is found, or awaited.

    Charges by order: the mark is the newest order that the ledger has named. For orders are charged
    about as they are placed, and their ids are sorted by that; a payment that is begun after its
    order was passed is compared from the ledger's side alone. Refunds by the time they were noted.
    """

    orders_until: UUID
    refunds_until: datetime

    def past(self, charges: Sequence[Movement]) -> "Marks":
        """Return the marks moved on behind charges of orders that are known to be ours."""
        # As words: they sort as ids do, and a page has many.
        newest = max((charge.order_id for charge in charges), default=str(self.orders_until))
        until = max(self.orders_until, UUID(newest))
        return Marks(orders_until=until, refunds_until=self.refunds_until)

    def moved_to(self, movement: Movement, entry: Entry) -> "Marks":
        """Return the marks moved on, so that no payment is ever awaited after it was found."""
        if movement.kind is Kind.CHARGE:
            until = max(self.orders_until, entry.order_id)
            return Marks(orders_until=until, refunds_until=self.refunds_until)
        if entry.status is not Status.REFUNDED:
            return self
        noted = max(self.refunds_until, entry.updated_at)
        return Marks(orders_until=self.orders_until, refunds_until=noted)

    def still_to_pass(self, kind: Kind, entry: Entry | None) -> bool:
        """Tell whether the payment's refund would be awaited, had we forgotten that it is there."""
        return kind is Kind.REFUND and entry is not None and entry.updated_at > self.refunds_until


NO_MARKS = Marks(orders_until=UUID(int=0), refunds_until=datetime(1970, 1, 1, tzinfo=UTC))


@dataclass(slots=True)
class Sheet:
    """What a page of the ledger comes to."""

    marks: Marks
    found: set[str] = field(default_factory=set)  # keys of ours that the ledger has
    in_question: list[Movement] = field(default_factory=list)
    strange_refunds: list[Movement] = field(default_factory=list)
    passed_over: int = 0

    def take(self, movement: Movement, entry: Entry | None) -> None:
        """Note what becomes of one movement."""
        is_own = entry is not None and movement.key == entry.key_of(movement.kind)
        if entry is not None and is_own:
            self.found.add(movement.key)
            self.marks = self.marks.moved_to(movement, entry)
        if movement.kind is Kind.REFUND and not is_own:
            self.strange_refunds.append(movement)
        elif judge(movement, entry) is not Verdict.AGREES:
            self.in_question.append(movement)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Which movements of unknown orders are the shop's concern.

    Not those from before our books began, which a database that was lost or made anew does not
    have; and none at all where others take money through the same account.
    """

    since: datetime
    shared: bool

    def concerns(self, movement: Movement) -> bool:
        return not self.shared and movement.created_at >= self.since


def compare(
    agreeing: Sequence[Movement],
    others: Iterable[tuple[Movement, Entry | None]],
    marks: Marks,
    scope: Scope,
) -> Sheet:
    """Compare a page of the ledger, sifted into charges that plainly agree, and all else."""
    sheet = Sheet(marks.past(agreeing), found={charge.key for charge in agreeing})
    for movement, entry in others:
        if entry is None and not scope.concerns(movement):
            sheet.passed_over += 1
        else:
            sheet.take(movement, entry)
    return sheet
