"""What `EventClient` rests on in nats-py: these fail when nats-py changes it."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from shared.messaging.client import EventClient, EventMsg
from shopctl.servers import Servers
from tests.eventually import until


@pytest.fixture
async def client(servers: Servers) -> AsyncIterator[EventClient]:
    client = EventClient()
    await client.connect(servers.nats_url)
    yield client
    await client.close()


async def test_what_is_sent_is_handed_over_as_it_was(client: EventClient) -> None:
    taken: list[EventMsg] = []
    await client.hand_over("greetings.*", taken.append)

    headers = "NATS/1.0\r\nNats-Msg-Id: 7\r\nNote: café: 7 €\r\n\r\n".encode()
    client.send("greetings.ada", "hällo".encode(), reply="answers.here", headers=headers)
    client.send("greetings.bob")

    await until(lambda: len(taken) == 2)
    ada, bob = taken
    assert (ada.subject, ada.reply, ada.data.decode()) == (
        "greetings.ada",
        "answers.here",
        "hällo",
    )
    assert ada.headers == {"Nats-Msg-Id": "7", "Note": "café: 7 €"}
    assert (bob.subject, bob.data, bob.headers, bob.status) == ("greetings.bob", b"", {}, None)


async def test_what_the_server_says_itself_has_a_status(client: EventClient) -> None:
    taken: list[EventMsg] = []
    await client.hand_over("answers", taken.append)

    client.send("nobody.hears.this", b"?", reply="answers")

    await until(lambda: taken)
    assert taken[0].status == "503"


async def test_after_a_drain_nothing_is_handed_over(client: EventClient) -> None:
    taken: list[EventMsg] = []
    subscription = await client.hand_over("greetings.*", taken.append)
    client.send("greetings.ada")
    await until(lambda: taken)

    await subscription.drain()  # type: ignore[no-untyped-call]  # nats-py's
    client.send("greetings.bob")
    await client.flush()

    assert [msg.subject for msg in taken] == ["greetings.ada"]


async def test_more_than_the_buffer_holds_waits_for_room(client: EventClient) -> None:
    taken: list[EventMsg] = []
    await client.hand_over("big", taken.append)
    large = b"x" * 1_000_000

    for _ in range(20):
        client.send("big", large)
        await client.room()
        assert client.pending_data_size <= 3 * len(large)

    await until(lambda: len(taken) == 20)


async def test_what_is_sent_during_an_outage_goes_out_after_it(servers: Servers) -> None:
    back = asyncio.Event()

    async def reconnected() -> None:
        back.set()

    client = EventClient()
    taken: list[EventMsg] = []
    await client.connect(
        servers.nats_url,
        reconnect_time_wait=0.05,  # type: ignore[arg-type]  # nats-py takes fractions of a second
        max_reconnect_attempts=-1,
        reconnected_cb=reconnected,
    )
    await client.hand_over("greetings", taken.append)
    await servers.kill("nats")
    await until(lambda: not client.is_connected)
    client.send("greetings", b"late")
    await servers.restart("nats")

    await asyncio.wait_for(back.wait(), 10)
    await until(lambda: taken)
    assert [msg.data for msg in taken] == [b"late"]
    await client.close()
