"""The order service's settings."""

from pydantic import Field

from shared.settings import ServiceSettings


class OrderSettings(ServiceSettings):
    """The order service."""

    order_expires_after_s: float = Field(
        600.0, gt=0, description="An order still open so long after its placing expires, seconds."
    )
    order_sweep_every_s: float = Field(
        5.0, gt=0, description="Time between looks for orders that expire, seconds."
    )
    order_catalogue_every_s: float = Field(
        1.0, gt=0, description="Time between looks for products that a replica copied, seconds."
    )
    order_rate_limit: int = Field(
        10_000, ge=1, description="Orders that one customer may place in a window; beyond it 429."
    )
    order_rate_window_s: int = Field(10, ge=1, description="Length of that window, seconds.")
    order_keep_keys_s: float = Field(
        48 * 3600.0, gt=0, description="Time that idempotency keys are remembered, seconds."
    )
