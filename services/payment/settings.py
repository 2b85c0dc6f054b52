"""What payment is told by its environment."""

from datetime import timedelta

from pydantic import Field

from services.payment.provider_calls import CallLimits
from services.payment.reconciliation.job import Pace
from shared.settings import ServiceSettings


class PaymentSettings(ServiceSettings):
    payment_provider_url: str = Field(
        "http://127.0.0.1:8090",
        pattern=r"^https?://",
        description="Where the payment provider answers; `/charges` and the like come behind it.",
    )
    payment_workers: int = Field(
        32, ge=1, le=1024, description="Calls to the provider at once, at the most."
    )
    payment_timeout_s: float = Field(
        2.0, gt=0, le=30, description="Longest time of one try at the provider, seconds."
    )
    payment_deadline_s: float = Field(
        6.0, gt=0, le=30, description="Longest time of one call with all its tries, seconds."
    )
    payment_tries: int = Field(3, ge=1, le=10, description="Tries of one call, at the most.")
    payment_breaker_failures: int = Field(
        10, ge=1, description="Calls failed in a row that open the circuit breaker."
    )
    payment_breaker_open_s: float = Field(
        2.0, gt=0, description="Time that an open breaker lets nothing through, seconds."
    )
    payment_settle_every_s: float = Field(
        2.0, gt=0, le=30, description="Time between two settlements of what is open, seconds."
    )
    payment_reconcile_every_s: float = Field(
        30.0,
        gt=0,
        le=3600,
        description="Time between two comparisons with the provider's ledger, seconds.",
    )
    payment_reconcile_grace_s: float = Field(
        60.0,
        ge=1,
        le=3600,
        description="Age at which a movement of the ledger is compared, seconds; more than its"
        " payment needs to be noted, and than the provider's clock differs from ours.",
    )
    payment_ledger_shared: bool = Field(
        False,  # noqa: FBT003 - pydantic's default
        description="Others charge through the provider's account, too: what it has of orders that"
        " payment does not know is no mismatch.",
    )

    @property
    def reconciliation_pace(self) -> Pace:
        return Pace(
            every=timedelta(seconds=self.payment_reconcile_every_s),
            grace=timedelta(seconds=self.payment_reconcile_grace_s),
        )

    @property
    def call_limits(self) -> CallLimits:
        return CallLimits(
            workers=self.payment_workers,
            timeout_s=self.payment_timeout_s,
            deadline_s=self.payment_deadline_s,
            tries=self.payment_tries,
            breaker_failures=self.payment_breaker_failures,
            breaker_open_s=self.payment_breaker_open_s,
        )
