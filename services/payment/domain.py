"""The rules of taking money and giving it back: one payment for each order.

    PENDING ──▶ SUCCESS ──▶ REFUNDED        PENDING   a charge may be on its way
       │ ▲         ▲                        UNKNOWN   it went out, and no answer came
       ▼ │         │ late capture           FAILED    declined, expired or given up
    UNKNOWN ──▶ FAILED

A request that we gave up may still reach the provider. So a charge that is given up without the
provider's word is watched for a while, and money that comes after all goes back.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from services.payment.answers import Absent, Captured, ChargeAnswer, Declined, Unanswered
from services.payment.terms import Cancellation, Terms, payment_id_of, refund_id_of

HANDLER_GRACE = timedelta(seconds=30)  # so long a charge is its handler's own
CLAIM = timedelta(seconds=15)  # more than the gateway takes for a question and a charge
LOOK_AGAIN = timedelta(seconds=2)
WATCH_EVERY = timedelta(seconds=10)
WATCH_FOR = timedelta(seconds=120)  # more than a slow provider or a frozen process holds a request

EXPIRED = "reservation expired"
CANCELLED = "order cancelled before the charge"


class Status(StrEnum):
    PENDING = "PENDING"
    SUCCESS = "SUCCESS"
    FAILED = "FAILED"
    UNKNOWN = "UNKNOWN"
    REFUNDED = "REFUNDED"


class Duty(StrEnum):
    """What is still to be done at the provider."""

    NONE = "NONE"
    CHARGE = "CHARGE"
    REFUND = "REFUND"
    WATCH = "WATCH"


class PaymentError(Exception):
    """Base of what this domain refuses."""


class PaymentNotFound(PaymentError):
    def __init__(self, sought: str) -> None:
        super().__init__(f"no payment {sought}")
        self.sought = sought


class IllegalTransition(PaymentError):
    def __init__(self, payment: "Payment", step: str) -> None:
        super().__init__(f"payment {payment.payment_id} is {payment.status}: {step}")
        self.payment_id = payment.payment_id
        self.status = payment.status


@dataclass(slots=True)
class Payment:
    """One order's payment.

    `check_at` is when the settlement looks at it next, None if never. `announced` says that
    PaymentProcessed was said. `row_version` is that of its row, None if it has none yet;
    `changed` tells the repository that there is something to write.
    """

    payment_id: UUID
    order_id: UUID
    status: Status
    amount_cents: int
    currency: str
    payment_method: str | None
    reason: str | None
    expires_at: datetime | None
    correlation_id: UUID
    cause_id: UUID
    charge_key: str
    created_at: datetime
    updated_at: datetime
    charge_id: str | None = None
    refunded_cents: int = 0
    refund_key: str | None = None
    provider_refund_id: str | None = None
    cancel_reason: str | None = None
    cancel_cause_id: UUID | None = None
    announced: bool = False
    in_flight_until: datetime | None = None
    check_at: datetime | None = None
    row_version: int | None = None
    changed: bool = False

    @classmethod
    def begin(cls, terms: Terms, now: datetime) -> "Payment":
        """Note the intent before the charge; too late, or nothing to pay, it is settled at once."""
        payment = cls._open(terms, now, method=terms.payment_method, expires_at=terms.expires_at)
        if not payment.may_charge(now):
            payment._fail(EXPIRED, now)
        elif payment.amount_cents == 0:
            payment._change(Status.SUCCESS, now)
        else:
            payment._attempt(now, check_at=now + HANDLER_GRACE)
        return payment

    @classmethod
    def call_off(cls, cancellation: Cancellation, now: datetime) -> "Payment":
        """Note that the order was cancelled before anybody asked for its charge: a tombstone."""
        payment = cls._open(cancellation, now, method=None, expires_at=None)
        payment._remember(cancellation, now)
        payment._fail(CANCELLED, now)
        return payment

    def resume(self, terms: Terms, now: datetime) -> None:
        """Go on with what another delivery began, or with a tombstone, which it completes."""
        if self.payment_method is None:
            self.payment_method, self.cause_id = terms.payment_method, terms.cause_id
            self._change(self.status, now)
        elif self.status is Status.PENDING and self.may_charge(now):
            self._attempt(now, check_at=now + HANDLER_GRACE)

    def claim(self, now: datetime) -> bool:
        """Take the payment's open duty for a while; False if it is done, or in other hands."""
        if self.check_at is None or self.check_at > now:
            return False
        if self.duty is Duty.CHARGE and self.may_charge(now):
            self._attempt(now, check_at=now + CLAIM)
        else:
            self._check(now + CLAIM)
        return True

    def may_charge(self, now: datetime) -> bool:
        """Tell whether the order still wants to be charged."""
        if self.cancel_reason is not None or self.expires_at is None:
            return False
        return now < self.expires_at

    @property
    def is_as_stored(self) -> bool:
        """Tell whether its row was exactly this, when it was read or written."""
        return self.row_version is not None and not self.changed

    @property
    def duty(self) -> Duty:
        match self.status:
            case Status.PENDING | Status.UNKNOWN:
                return Duty.CHARGE
            case Status.SUCCESS if self.refund_key is not None:
                return Duty.REFUND
            case Status.FAILED if self.check_at is not None:
                return Duty.WATCH
            case _:
                return Duty.NONE

    @property
    def refund_id(self) -> UUID | None:
        """None while no money is to go back."""
        return refund_id_of(self.payment_id) if self.refund_key is not None else None

    def record(self, answer: ChargeAnswer, now: datetime) -> None:
        """Take the provider's word, or its silence, about the charge."""
        match answer:
            case Captured(charge_id):
                self._capture(charge_id, now)
            case Declined(reason, charge_id):
                self._decline(reason, charge_id, now)
            case Absent():
                self._miss(now)
            case Unanswered(reason):
                self._lose_sight(reason, now)

    def announce(self) -> bool:
        """Tell whether PaymentProcessed is to be said now: once, when the outcome is known."""
        if self.announced or self.status not in (Status.SUCCESS, Status.FAILED):
            return False
        self.announced = self.changed = True
        return True

    def cancel(self, cancellation: Cancellation, now: datetime) -> None:
        """The order is off: charge no more; what was taken, or turns out to be, goes back."""
        if self.cancel_reason is not None or self.status in (Status.FAILED, Status.REFUNDED):
            return
        self._remember(cancellation, now)
        if self.status is Status.SUCCESS:
            self._owe_refund(now)

    def pay_back(self, provider_refund_id: str, now: datetime) -> bool:
        """The provider gave the money back; False if that was known."""
        if self.status is Status.REFUNDED:
            return False
        if self.duty is not Duty.REFUND:
            raise IllegalTransition(self, "nothing is owed, yet money went back")
        self.provider_refund_id = provider_refund_id
        self.refunded_cents = self.amount_cents
        self.reason = self.refund_reason
        self._change(Status.REFUNDED, now)
        return True

    @property
    def refund_reason(self) -> str:
        return self.cancel_reason or self.reason or EXPIRED

    def _capture(self, charge_id: str, now: datetime) -> None:
        if self.status in (Status.SUCCESS, Status.REFUNDED):
            if charge_id != self.charge_id:
                raise IllegalTransition(self, f"{charge_id} is a second charge")
            return
        given_up = self.status is Status.FAILED
        if not given_up:
            self.reason = None
        self.charge_id = charge_id
        self._change(Status.SUCCESS, now)
        if given_up or self.cancel_reason is not None:
            self._owe_refund(now)

    def _decline(self, reason: str, charge_id: str | None, now: datetime) -> None:
        if self.status in (Status.SUCCESS, Status.REFUNDED):
            raise IllegalTransition(self, f"declined after all: {reason}")
        self.charge_id = charge_id
        if self.status is not Status.FAILED:  # what was given up keeps its first reason
            self.reason = reason
        self._change(Status.FAILED, now)

    def _miss(self, now: datetime) -> None:
        """The provider knows of no charge: if none is wanted any more, that is the end of it."""
        if self.duty is Duty.CHARGE and self.may_charge(now):
            self._lose_sight("the provider has no such charge", now)
        elif self.duty is Duty.CHARGE:
            self._fail(CANCELLED if self.cancel_reason is not None else EXPIRED, now)
            self._watch(now)
        elif self.duty is Duty.WATCH:
            self._watch(now)

    def _lose_sight(self, reason: str, now: datetime) -> None:
        if self.duty is Duty.CHARGE:
            self._change(Status.UNKNOWN, now)
            self.reason = reason
            self._check(now + LOOK_AGAIN)
        elif self.duty is Duty.WATCH:
            # Only the provider's word ends the watch.
            self.in_flight_until = max(self.in_flight_until or now, now + WATCH_EVERY)
            self._watch(now)

    def _watch(self, now: datetime) -> None:
        """Look again while a request that we gave up may still arrive."""
        watching = self.in_flight_until is not None and now < self.in_flight_until
        self._check(now + WATCH_EVERY if watching else None)

    def _owe_refund(self, now: datetime) -> None:
        if self.amount_cents > 0:
            self.refund_key = f"refund-{self.payment_id}"
            self.updated_at = now
            self._check(now + CLAIM)

    def _attempt(self, now: datetime, *, check_at: datetime) -> None:
        self.in_flight_until = now + WATCH_FOR
        self.updated_at = now
        self._check(check_at)

    def _fail(self, reason: str, now: datetime) -> None:
        self._change(Status.FAILED, now)
        self.reason = reason

    def _remember(self, cancellation: Cancellation, now: datetime) -> None:
        self.cancel_reason, self.cancel_cause_id = cancellation.reason, cancellation.cause_id
        self.updated_at = now
        self.changed = True

    def _change(self, status: Status, now: datetime) -> None:
        self.status = status
        self.updated_at = now
        self._check(None)

    def _check(self, at: datetime | None) -> None:
        self.check_at = at
        self.changed = True

    @classmethod
    def _open(
        cls,
        wanted: Terms | Cancellation,
        now: datetime,
        *,
        method: str | None,
        expires_at: datetime | None,
    ) -> "Payment":
        payment_id = payment_id_of(wanted.order_id)
        return cls(
            payment_id=payment_id,
            order_id=wanted.order_id,
            status=Status.PENDING,
            amount_cents=wanted.amount_cents,
            currency=wanted.currency,
            payment_method=method,
            reason=None,
            expires_at=expires_at,
            correlation_id=wanted.correlation_id,
            cause_id=wanted.cause_id,
            charge_key=f"charge-{payment_id}",
            created_at=now,
            updated_at=now,
            changed=True,
        )
