"""Five services as tutorials write them: a transaction a message, then publish.

A handler asks Redis whether the event is new, opens a session, changes its models, commits, and
publishes what follows. Each function registers one service on the app and broker of `kit`.
"""

import csv
import io
import os
from datetime import timedelta
from email.message import EmailMessage
from typing import Annotated
from uuid import UUID

import aiosmtplib
import httpx
from fastapi import HTTPException, Request
from faststream.nats import NatsBroker
from pydantic import BaseModel, Field
from sqlmodel import col, select

from loadtests.baselines.tutorial.kit import (
    WORKERS,
    app,
    broker,
    is_new,
    publish,
    session,
    stream_of,
)
from loadtests.baselines.tutorial.tables import (
    CatalogueProduct,
    EventCount,
    Mail,
    Order,
    Payment,
    Product,
    Reservation,
    now,
)
from shared.clock import new_id
from shared.events import (
    Event,
    Item,
    OrderConfirmed,
    OrderPlaced,
    PaymentProcessed,
    PaymentStatus,
    ProductChanged,
    StockReserved,
    caused_by,
    first_cause,
)

HELD_FOR = timedelta(minutes=15)


def hears(group: str, event: type[Event]):  # type: ignore[no-untyped-def]  # noqa: ANN201 - FastStream's
    """Subscribe a handler as FastStream's documentation does."""
    return broker.subscriber(
        event.subject,
        stream=stream_of(event.subject),
        durable=f"{group}-{event.__name__}",
        queue=group,
        max_workers=WORKERS,
    )
