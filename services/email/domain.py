"""A mail, from the intent to send it to the mail server's word.

    PENDING ── accepted ──▶ SENT
     │   ▲
  refused │ tried again, when the dead letter is replayed
     ▼   │
    FAILED

There is one mail per order and kind. Whoever sends it claims it first, for a while: two processes
never send the same mail at once. A refund mail may have to wait for an address (`waits`); it is
sent along with the next mail of its order that brings one.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from shared.errors import TransientError
from shared.values import value

CLAIM_LASTS = timedelta(seconds=10)
"""A mail is begun in the first half of its claim, and has the second half to end."""

STALE_AFTER = timedelta(seconds=60)
"""A mail that nobody touched for so long is nobody's: the sweeper takes it up."""

SWEPT_AT_MOST = 100
"""Tries after which the sweeper leaves a mail to the dead letters and their replay."""


def message_id_of(event_id: UUID) -> str:
    """Return a mail's Message-ID: the event's, so that a mail sent twice can be known as one."""
    return f"<{event_id}@shop.example>"


class Kind(StrEnum):
    CONFIRMED = "CONFIRMED"
    CANCELLED = "CANCELLED"
    SHIPPED = "SHIPPED"
    REFUNDED = "REFUNDED"


class Status(StrEnum):
    PENDING = "PENDING"
    SENT = "SENT"
    FAILED = "FAILED"


class BeingSent(TransientError):
    """Another handler has claimed the mail, and its claim still runs."""

    def __init__(self, order_id: UUID, kind: Kind, until: datetime) -> None:
        super().__init__(f"the {kind} mail of order {order_id} is being sent until {until}")
        self.order_id = order_id
        self.kind = kind
        self.until = until


@value
class Claim:
    """The right to send a mail until then."""

    token: UUID
    until: datetime

    @property
    def last_start(self) -> datetime:
        """After this moment the mail must not be begun: it might end after the claim."""
        return self.until - CLAIM_LASTS / 2


@value
class Errand:
    """A claimed mail, to be sent now: all that is needed to write it.

    `mail` is the mail with its claim, for whoever settles how it went.
    """

    order_id: UUID
    kind: Kind
    event_id: UUID
    event: str
    recipient: str
    claim: Claim
    mail: "Mail"


@value
class Report:
    """How an errand went; no error means that the mail server accepted the mail."""

    errand: Errand
    error: Exception | None = None


@dataclass(slots=True)
class Mail:
    """One mail to a customer. `event` is the event that calls for it, as JSON.

    `row_version` is that of its row, None if it has none yet; `changed` tells the repository that
    there is something to write.
    """

    order_id: UUID
    kind: Kind
    event_id: UUID
    event: str
    created_at: datetime
    updated_at: datetime
    recipient: str | None = None
    status: Status = Status.PENDING
    attempts: int = 0
    detail: str = ""
    sent_at: datetime | None = None
    claim: Claim | None = None
    row_version: int | None = None
    changed: bool = False

    @property
    def is_as_stored(self) -> bool:
        """Tell whether its row was exactly this, when it was read or written."""
        return self.row_version is not None and not self.changed

    @property
    def waits(self) -> bool:
        """Whether it has no address, and goes along with the next mail of its order that has.

        The event of that other mail answers for both. Its address becomes this one's when it is
        sent, so that it waits still, should it have to be tried again.
        """
        return self.recipient is None and self.status is not Status.SENT

    def holder(self, now: datetime) -> Claim | None:
        """Return the claim that still runs."""
        return self.claim if self.claim is not None and now < self.claim.until else None

    def is_stale(self, now: datetime) -> bool:
        return (
            self.status is Status.PENDING
            and self.attempts < SWEPT_AT_MOST
            and self.updated_at <= now - STALE_AFTER
            and self.holder(now) is None
        )

    def entrust(self, claim: Claim, *, recipient: str, now: datetime) -> Errand:
        """Give the mail to one sender, until the claim ends."""
        self.claim = claim
        self._touch(now)
        return Errand(self.order_id, self.kind, self.event_id, self.event, recipient, claim, self)

    def accepted(self, recipient: str, *, now: datetime) -> None:
        """Note that the server took it; a repeat changes nothing.

        It is noted without a look at the claim: it happened, whoever else holds the mail now.
        """
        if self.status is Status.SENT:
            return
        self.status, self.sent_at, self.detail = Status.SENT, now, ""
        self.recipient = recipient
        self.attempts += 1
        self._let_go(now)

    def refused(self, detail: str, *, claim: Claim, now: datetime) -> None:
        """Note that the server will never take it; nothing, if the mail is another's by now."""
        if self.claim == claim:
            self.status, self.detail = Status.FAILED, detail
            self.attempts += 1
            self._let_go(now)

    def put_back(self, detail: str, *, claim: Claim, now: datetime, tried: bool) -> None:
        """Note a failure that may pass; nothing, if the mail is another's by now."""
        if self.claim == claim:
            self.status, self.detail = Status.PENDING, detail
            self.attempts += tried
            self._let_go(now)

    def _let_go(self, now: datetime) -> None:
        self.claim = None
        self._touch(now)

    def _touch(self, now: datetime) -> None:
        self.updated_at = now
        self.changed = True
