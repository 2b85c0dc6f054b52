"""What became of a request to the provider."""

from shared.values import value


@value
class Captured:
    """The provider took the money."""

    charge_id: str


@value
class Declined:
    """The provider will not take it; `charge_id` if it keeps a record of that."""

    reason: str
    charge_id: str | None = None


@value
class Absent:
    """The provider has no charge with this key, at this moment."""


@value
class Unanswered:
    """The request went out, and nobody knows what became of it."""

    reason: str


ChargeAnswer = Captured | Declined | Absent | Unanswered


@value
class PaidBack:
    """The provider gave the money back."""

    refund_id: str


RefundAnswer = PaidBack | Unanswered
