"""What analytics is told by its environment."""

from pydantic import Field

from shared.settings import ServiceSettings


class AnalyticsSettings(ServiceSettings):
    analytics_linger_s: float = Field(
        0.05,
        ge=0,
        le=3,
        allow_inf_nan=False,
        description="How long events gather before they are written together, seconds.",
    )
    # Lingering at a thousand orders a second, 64 in hand would be the limit of what goes through.
    consumer_workers: int = Field(
        256, ge=1, le=1024, description="Messages in hand at once, for each subscription."
    )
    group_limit: int = Field(1024, ge=1, description="Members of one group commit, at the most.")
    group_queue: int = Field(
        4096, ge=1, description="Work that may wait for a group commit: all that is in hand."
    )
