"""Commands as they travel: the bytes are redis-py's own, whoever packs them."""

import pytest
from redis.asyncio import Connection

from shared.redis_client import PackedByHiredis


@pytest.mark.parametrize(
    "command",
    [
        ("CLIENT SETINFO", "LIB-NAME", "redis-py"),
        ("PING",),
        ("SADD", "seen:order:1", bytes(range(16)), b"\r\n$3", b""),
        (b"SADD", "seen:order:1", b"x"),
        ("EVALSHA", "0f", 2, "rate:order:1:ädä", "rate:order:1:bob", 120, 1, 2.5),
    ],
)
def test_a_command_is_packed_as_redis_py_packs_it(command: tuple[str | bytes, ...]) -> None:
    assert PackedByHiredis().pack_command(*command) == Connection().pack_command(*command)
