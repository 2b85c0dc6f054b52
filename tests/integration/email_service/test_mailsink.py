"""With the sandbox's mail sink for a mail server: what arrives, and its own kinds of trouble."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any
from uuid import UUID

import httpx
import pytest

from services.email.domain import message_id_of
from services.email.rendering.words import Notice
from shared.clock import new_id
from shared.errors import PermanentError, TransientError
from shared.persistence.database import Database
from shopctl import outside
from shopctl.ports import Ports
from tests.integration.email_service.replicas import Replica, open_replica
from tests.integration.servers import own_world
from tests.integration.shifted_clock import ShiftedClock
from tests.unit.email_service.stories import confirmed, shipped


@pytest.fixture(scope="module")
async def urls() -> AsyncIterator[Mapping[str, str]]:
    """Where the mail sink listens: `smtp` and `url`."""
    async with own_world("mailsink") as world:
        ports = Ports()
        sink = await world.start(lambda: outside.mail(world.run_dir, ports))
        yield sink.urls


@pytest.fixture
async def sink(urls: Mapping[str, str]) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=urls["url"]) as client:
        yield client
        await client.delete("/faults")
        await client.delete("/api/v1/messages")


@pytest.fixture
async def replica(
    database: Database, urls: Mapping[str, str], clock: ShiftedClock
) -> AsyncIterator[Replica]:
    port = int(urls["smtp"].rpartition(":")[2])
    async with open_replica(database, port, clock) as replica:
        yield replica


async def messages(sink: httpx.AsyncClient) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await sink.get("/api/v1/messages")).json()["messages"]
    return found


def bare(event_id: UUID) -> str:
    """Return a Message-ID as Mailpit shows it."""
    return message_id_of(event_id).strip("<>")


async def test_a_mail_arrives_with_its_message_id(
    replica: Replica, sink: httpx.AsyncClient
) -> None:
    order = new_id()
    events: list[Notice] = [confirmed(order), shipped(order)]
    for event in events:
        await replica.mailroom.announce(event)
    arrived = await messages(sink)
    assert {mail["MessageID"] for mail in arrived} == {bare(event.event_id) for event in events}
    assert {mail["Subject"] for mail in arrived} == {
        f"Your order {order} is confirmed",
        f"Your order {order} is on its way",
    }
    assert arrived[0]["From"] == {"Name": "Event Shop", "Address": "orders@shop.example"}


async def test_a_greylisted_recipient_gets_the_mail_at_the_second_try(
    replica: Replica, sink: httpx.AsyncClient
) -> None:
    event = confirmed(email=f"rosa+greylist{new_id().hex}@example.org")
    with pytest.raises(TransientError, match="450"):
        await replica.mailroom.announce(event)
    await replica.mailroom.announce(event)
    assert [mail["MessageID"] for mail in await messages(sink)] == [bare(event.event_id)]


async def test_a_bouncing_recipient_fails(replica: Replica, sink: httpx.AsyncClient) -> None:
    event = confirmed(email="rosa+bounce@example.org")
    with pytest.raises(PermanentError, match="550"):
        await replica.mailroom.announce(event)
    assert await replica.statuses(event.order_id) == {"CONFIRMED": "FAILED"}
    assert not await messages(sink)


async def test_a_cut_after_data_brings_at_the_most_a_repeat_of_the_same_message_id(
    replica: Replica, sink: httpx.AsyncClient
) -> None:
    event = confirmed()
    await sink.put("/faults", json={"mode": "cut_after_data", "count": 1})
    with pytest.raises(TransientError, match="lost"):
        await replica.mailroom.announce(event)
    await replica.mailroom.announce(event)
    assert {mail["MessageID"] for mail in await messages(sink)} == {bare(event.event_id)}
    assert (await sink.get("/faults")).json()["injected"] == {"cut_after_data": 1}


async def test_many_mails_at_once_arrive_each_once(
    replica: Replica, sink: httpx.AsyncClient
) -> None:
    events = [confirmed() for _ in range(40)]
    await asyncio.gather(*(replica.mailroom.announce(event) for event in events))
    arrived = [mail["MessageID"] for mail in await messages(sink)]
    assert sorted(arrived) == sorted(bare(event.event_id) for event in events)


async def test_a_cut_among_many_mails_leaves_one_in_doubt_and_no_other(
    replica: Replica, sink: httpx.AsyncClient
) -> None:
    events = [confirmed() for _ in range(40)]
    await sink.put("/faults", json={"mode": "cut_after_data", "count": 1})
    outcomes = await asyncio.gather(
        *(replica.mailroom.announce(event) for event in events), return_exceptions=True
    )
    [doubt] = [outcome for outcome in outcomes if outcome is not None]
    assert isinstance(doubt, TransientError)
    arrived = {mail["MessageID"] for mail in await messages(sink)}
    assert arrived >= {
        bare(event.event_id) for event, outcome in zip(events, outcomes, strict=True) if not outcome
    }
