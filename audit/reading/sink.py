"""The mail sink: what really went out, as Mailpit's API tells it."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import httpx

from audit.evidence import Evidence
from audit.reading.http import get
from audit.reading.progress import Progress
from audit.rows import Mail
from audit.scope import Scope

PAGE = 1000
MESSAGES = "/api/v1/messages"


async def read(
    client: httpx.AsyncClient, evidence: Evidence, *, scope: Scope, progress: Progress
) -> None:
    seen = 0
    async for messages in pages(client):
        rows = [row(message) for message in messages]
        evidence.add(Mail, [it for it in rows if scope.holds_event(it.event_id)])
        seen += len(messages)
        progress("mails", seen, None)


async def pages(client: httpx.AsyncClient) -> AsyncIterator[Sequence[Mapping[str, Any]]]:
    start = 0
    while True:
        answer = await get(client, MESSAGES, params={"start": start, "limit": PAGE})
        messages = answer["messages"]
        if not messages:
            return
        yield messages
        start += len(messages)
        if start >= answer["total"]:
            return


def row(message: Mapping[str, Any]) -> Mail:
    message_id = message["MessageID"].strip("<>")
    recipients = ", ".join(to["Address"] for to in message["To"] or ())
    return Mail(message_id, message_id.partition("@")[0], recipients)
