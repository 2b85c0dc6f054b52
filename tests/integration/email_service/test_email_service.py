"""The service as a whole: JetStream in front, SMTP behind, HTTP beside."""

from collections.abc import AsyncIterator
from contextlib import suppress
from functools import partial
from uuid import UUID

import pytest
from httpx import AsyncClient
from nats.js import JetStreamContext
from nats.js.api import RawStreamMsg
from nats.js.errors import NotFoundError

from services.email.domain import message_id_of
from services.email.main import build
from services.email.settings import EmailSettings
from shared.clock import new_id
from shared.events.topology import DEAD_LETTERS, dead_letter_subject
from shopctl.servers import Servers
from tests.eventually import eventually, eventually_found
from tests.integration.in_process import publish, running
from tests.integration.settings import CUSTOMER, settings_on
from tests.unit.email_service.mail_server import HANG_UP, MailServer
from tests.unit.email_service.stories import ADDRESS, cancelled, confirmed, refunded


@pytest.fixture
async def client(
    servers: Servers, database_url: str, server: MailServer
) -> AsyncIterator[AsyncClient]:
    smtp = f"127.0.0.1:{server.port}"
    settings = settings_on(EmailSettings, servers, database_url, email_smtp=smtp)
    async with running(build(settings)) as client:
        yield client


async def statuses(client: AsyncClient, order_id: UUID) -> dict[str, str]:
    answer = await client.get("/mails", params={"order_id": str(order_id)}, headers=CUSTOMER)
    return {mail["kind"]: mail["status"] for mail in answer.json()["mails"]}


async def test_an_event_becomes_a_mail_that_can_be_looked_up(
    client: AsyncClient, jetstream: JetStreamContext, server: MailServer
) -> None:
    event = confirmed()
    await publish(jetstream, event)
    await eventually(lambda: statuses(client, event.order_id), {"CONFIRMED": "SENT"})
    assert server.received[0].recipient == ADDRESS
    params = {"order_id": str(event.order_id)}
    [mail] = (await client.get("/mails", params=params, headers=CUSTOMER)).json()["mails"]
    assert mail.pop("sent_at").endswith("Z")
    assert mail == {
        "kind": "CONFIRMED",
        "to": ADDRESS,
        "message_id": message_id_of(event.event_id),
        "status": "SENT",
    }


async def test_a_refund_that_waits_is_shown_without_an_address(
    client: AsyncClient, jetstream: JetStreamContext, server: MailServer
) -> None:
    order = new_id()
    await publish(jetstream, refunded(order))
    await eventually(lambda: statuses(client, order), {"REFUNDED": "PENDING"})
    params = {"order_id": str(order)}
    [mail] = (await client.get("/mails", params=params, headers=CUSTOMER)).json()["mails"]
    assert (mail["to"], mail["sent_at"]) == (None, None)
    await publish(jetstream, cancelled(order))
    await eventually(lambda: statuses(client, order), {"REFUNDED": "SENT", "CANCELLED": "SENT"})
    assert len(server.received) == 2


@pytest.mark.parametrize("answer", ["451 later", HANG_UP])
async def test_a_failure_for_now_is_tried_again(
    client: AsyncClient, jetstream: JetStreamContext, server: MailServer, answer: str
) -> None:
    event = confirmed()
    server.then("TEXT", answer, answer)
    await publish(jetstream, event)
    await eventually(lambda: statuses(client, event.order_id), {"CONFIRMED": "SENT"})
    ids = {mail.content.split(b"\r\n")[4] for mail in server.received}
    assert ids == {f"Message-ID: {message_id_of(event.event_id)}".encode()}


async def test_a_refusal_for_good_is_a_dead_letter_with_its_reason(
    client: AsyncClient, jetstream: JetStreamContext, server: MailServer
) -> None:
    bad, good = confirmed(), confirmed()
    server.then("TEXT", "554 we take no tea")
    await publish(jetstream, bad)
    await eventually(lambda: statuses(client, bad.order_id), {"CONFIRMED": "FAILED"})
    await publish(jetstream, good)
    await eventually(lambda: statuses(client, good.order_id), {"CONFIRMED": "SENT"})

    async def dead_letter() -> RawStreamMsg | None:
        with suppress(NotFoundError):
            subject = dead_letter_subject("email", bad.subject)
            return await jetstream.get_last_msg(DEAD_LETTERS.name, subject)
        return None

    letter = await eventually_found(dead_letter)
    assert letter.data == bad.to_bytes()
    assert "554 we take no tea" in (letter.headers or {})["Error"]


async def test_an_outage_of_the_mail_server_loses_and_dead_letters_nothing(
    client: AsyncClient, jetstream: JetStreamContext, server: MailServer
) -> None:
    before = (await jetstream.stream_info(DEAD_LETTERS.name)).state.messages
    server.then("GREETING", *["421 not now"] * 200)
    events = [confirmed() for _ in range(20)]
    await publish(jetstream, *events)
    for event in events:
        await eventually(partial(statuses, client, event.order_id), {"CONFIRMED": "SENT"})
    assert len(server.received) == 20
    assert (await jetstream.stream_info(DEAD_LETTERS.name)).state.messages == before


async def test_reading_mails_wants_a_token_and_an_order(client: AsyncClient) -> None:
    path = f"/mails?order_id={new_id()}"
    assert (await client.get(path)).status_code == 401
    assert (await client.get(path, headers=CUSTOMER)).json() == {"mails": []}
    for path in ("/mails", "/mails?order_id=tea"):
        answer = await client.get(path, headers=CUSTOMER)
        assert answer.status_code == 422
        assert "order_id" in answer.json()["errors"][0]["field"]


async def test_mails_are_counted_by_kind_and_result(
    client: AsyncClient, jetstream: JetStreamContext
) -> None:
    event = confirmed()
    await publish(jetstream, event)
    await eventually(lambda: statuses(client, event.order_id), {"CONFIRMED": "SENT"})
    page = (await client.get("/metrics")).text
    assert 'shop_email_mails_total{kind="CONFIRMED",result="sent"} 1.0' in page
    assert 'shop_email_send_seconds_count{kind="CONFIRMED"} 1.0' in page
