"""What inventory is told by its environment."""

from pydantic import Field

from shared.settings import ServiceSettings


class InventorySettings(ServiceSettings):
    inventory_reservation_ttl_s: float = Field(
        default=900, gt=0, description="How long stock is held for an unpaid order, in seconds."
    )
    inventory_expiry_grace_s: float = Field(
        default=60,
        ge=0,
        description="How long after that it is given back, in seconds: the longest way of a "
        "confirmation that is still travelling.",
    )
    inventory_expiry_every_s: float = Field(
        default=2, gt=0, description="How often reservations that ran out are looked for, seconds."
    )
    inventory_linger_s: float = Field(
        default=0.05,
        ge=0,
        le=3,
        allow_inf_nan=False,
        description="How long confirmations gather at the broker before their stock is sold, "
        "seconds.",
    )
    inventory_import_max_bytes: int = Field(
        default=64 * 1024 * 1024, gt=0, description="The largest catalogue file, in bytes."
    )
