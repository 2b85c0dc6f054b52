"""What email is told by its environment."""

from pydantic import Field

from shared.settings import ServiceSettings


class EmailSettings(ServiceSettings):
    email_smtp: str = Field(
        "127.0.0.1:1025",
        pattern=r"^[^\s:]+:\d{1,5}$",
        description="Mail server that takes the mails, `host:port`.",
    )
    email_linger_s: float = Field(
        0.05,
        ge=0,
        le=3,
        allow_inf_nan=False,
        description="How long events gather at the broker before their mails are sent, seconds.",
    )
    email_connections: int = Field(
        8, ge=1, le=256, description="Kept connections to the mail server, at the most."
    )
    email_timeout_s: float = Field(
        5.0, gt=0, le=5, description="Longest time of one try to send one mail, seconds."
    )
    email_sender: str = Field(
        "Event Shop <orders@shop.example>",
        pattern=r"^([^<>\r\n]*<[^<>@\s]+@[^<>@\s]+>|[^<>@\s]+@[^<>@\s]+)$",
        description="Whom the mails come from, `name@host` or `Some Name <name@host>`.",
    )
    email_sweep_every_s: float = Field(
        15.0, gt=0, description="How often mails are picked up that a crash has left, seconds."
    )

    @property
    def smtp_address(self) -> tuple[str, int]:
        host, _, port = self.email_smtp.rpartition(":")
        return host, int(port)
