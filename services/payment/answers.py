"""What became of a request to the provider; standard library only."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Captured:
    """The provider took the money."""

    charge_id: str


@dataclass(frozen=True, slots=True)
class Declined:
    """The provider will not take it; `charge_id` if it keeps a record of that."""

    reason: str
    charge_id: str | None = None


@dataclass(frozen=True, slots=True)
class Absent:
    """The provider has no charge with this key, at this moment."""


@dataclass(frozen=True, slots=True)
class Unanswered:
    """The request went out, and nobody knows what became of it."""

    reason: str


ChargeAnswer = Captured | Declined | Absent | Unanswered


@dataclass(frozen=True, slots=True)
class PaidBack:
    """The provider gave the money back."""

    refund_id: str


RefundAnswer = PaidBack | Unanswered
