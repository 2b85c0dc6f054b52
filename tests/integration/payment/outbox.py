"""What payment has said about an order, as it stands in the outbox."""

from typing import Any
from uuid import UUID

import asyncpg
import orjson

SAID = "SELECT payload FROM outbox WHERE convert_from(payload, 'UTF8')::json->>'order_id' = $1"


async def said(connection: asyncpg.Connection, order_id: UUID) -> list[dict[str, Any]]:
    rows = await connection.fetch(f"{SAID} ORDER BY event_id", str(order_id))
    return [orjson.loads(row["payload"]) for row in rows]
