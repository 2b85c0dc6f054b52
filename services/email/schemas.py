"""Mails over HTTP."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from services.email.domain import Kind, Status


class MailView(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    kind: Kind
    to: Annotated[str | None, Field(validation_alias="recipient")] = Field(
        description="null while a refund mail waits for an address"
    )
    message_id: str
    status: Status
    sent_at: datetime | None


class MailsView(BaseModel):
    """An order's mails, the oldest first; at most one of a kind."""

    mails: list[MailView]
