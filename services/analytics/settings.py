"""What analytics is told by its environment."""

from pydantic import Field

from shared.settings import ServiceSettings


class AnalyticsSettings(ServiceSettings):
    analytics_linger_s: float = Field(
        0.25,
        ge=0,
        le=3,
        allow_inf_nan=False,
        description="How long events gather at the broker before they are counted, seconds.",
    )
    # What gathers at a thousand orders a second should come in one go.
    consumer_workers: int = Field(
        256, ge=1, le=1024, description="Messages in hand at once, for each subscription."
    )
    group_limit: int = Field(1024, ge=1, description="Members of one group commit, at the most.")
    group_queue: int = Field(
        4096, ge=1, description="Work that may wait for a group commit: all that is in hand."
    )
