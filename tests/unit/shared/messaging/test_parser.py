"""The shorter way reads what nats-py's own parser reads, however the bytes are cut."""

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nats.errors import ProtocolError
from nats.protocol.parser import Parser

from shared.messaging.parser import WholeMessages

OURS, THEIRS = 7, 8
BODIES = st.binary(max_size=40) | st.sampled_from([b"", b"PING\r\n", b"MSG a 7 0\r\n\r\n", b"\r\n"])


class Client:
    """What a parser tells its client."""

    def __init__(self, takes: set[int]) -> None:
        self.takes = takes
        self.taken = 0
        self.heard: list[tuple[Any, ...]] = []

    def take(self, sid: int, subject: bytes, reply: bytes, data: bytes, headers: bytes) -> bool:
        if sid not in self.takes:
            return False
        self.taken += 1
        self.heard.append((sid, subject, reply, data, headers))
        return True

    async def _process_msg(
        self, sid: int, subject: bytes, reply: bytes, data: bytes, headers: bytes | None
    ) -> None:
        self.heard.append((sid, subject, reply, data, headers or b""))

    async def _process_ping(self) -> None:
        self.heard.append(("PING",))

    async def _process_pong(self) -> None:
        self.heard.append(("PONG",))

    async def _process_info(self, info: dict[str, Any]) -> None:
        self.heard.append(("INFO", info["port"]))

    async def _process_err(self, text: str) -> None:
        self.heard.append(("ERR", text))


def message(sid: int, reply: bytes, body: bytes) -> bytes:
    words = (b"MSG a.b", str(sid).encode(), *([reply] if reply else []), str(len(body)).encode())
    return b" ".join(words) + b"\r\n" + body + b"\r\n"


def with_headers(sid: int, reply: bytes, body: bytes) -> bytes:
    headers = b"NATS/1.0\r\nNats-Msg-Id: 7\r\n\r\n"
    sizes = (str(len(headers)).encode(), str(len(headers) + len(body)).encode())
    words = (b"HMSG a.b", str(sid).encode(), *([reply] if reply else []), *sizes)
    return b" ".join(words) + b"\r\n" + headers + body + b"\r\n"


SIDS = st.sampled_from([OURS, OURS, OURS, THEIRS])
REPLIES = st.sampled_from([b"", b"$JS.ACK.ORDERS.inventory-OrderPlaced.1.2.3.4.5"])
LINES = st.one_of(
    st.builds(message, SIDS, REPLIES, BODIES),
    st.builds(with_headers, SIDS, REPLIES, BODIES),
    st.sampled_from([b"PING\r\n", b"PONG\r\n", b"+OK\r\n", b"-ERR 'Stale Connection'\r\n"]),
    st.just(b'INFO {"port": 4222}\r\n'),
)


async def read(parser: type[Parser], client: Client, pieces: list[bytes]) -> list[tuple[Any, ...]]:
    reading = parser(client)
    for piece in pieces:
        await reading.parse(piece)
    assert not reading.buf
    return client.heard


@given(st.lists(LINES, max_size=12), st.lists(st.integers(1, 60), min_size=1, max_size=30))
def test_it_reads_what_nats_pys_own_parser_reads(lines: list[bytes], lengths: list[int]) -> None:
    stream = b"".join(lines)
    pieces: list[bytes] = []
    while stream:
        length = lengths[len(pieces) % len(lengths)]
        pieces.append(stream[:length])
        stream = stream[length:]

    ours = asyncio.run(read(WholeMessages, Client({OURS}), pieces))
    assert ours == asyncio.run(read(Parser, Client(set()), pieces))


async def test_messages_for_takers_never_come_to_nats_py() -> None:
    client = Client({OURS})
    whole = [message(OURS, b"", b"1"), with_headers(OURS, b"r", b"2")] * 3
    stream = b"".join(whole)
    await read(WholeMessages, client, [stream[:50], stream[50:51], stream[51:]])
    assert client.taken == 6


@pytest.mark.parametrize("line", [b"MSG a b c\r\n", b"HMSG a 7\r\n", b"MSG\r\n", b"HURRAH\r\n"])
async def test_what_breaks_the_protocol_is_an_error(line: bytes) -> None:
    with pytest.raises(ProtocolError):
        await read(WholeMessages, Client({OURS}), [message(OURS, b"", b"1") + line])
