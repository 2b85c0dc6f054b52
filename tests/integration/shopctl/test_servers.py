from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import nats
import psutil
import pytest
import pytest_asyncio
import redis.asyncio as redis

from shopctl.errors import AlreadyUpError, UnknownNameError
from shopctl.servers import Servers, running_servers
from tests.integration.shopctl.traces import files_of, lives, processes_of

NAMES = ("postgres", "nats", "redis")


@pytest_asyncio.fixture(scope="module")
async def servers(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Servers]:
    async with running_servers(tmp_path_factory.mktemp("servers")) as running:
        yield running


async def remember(servers: Servers, word: str) -> None:
    """Leaves the word in each of the three."""
    database = await asyncpg.connect(servers.database_url("order"))
    await database.execute("CREATE TABLE IF NOT EXISTS words (word text)")
    await database.execute("INSERT INTO words VALUES ($1)", word)
    await database.close()
    broker = await nats.connect(servers.nats_url, allow_reconnect=False)
    await broker.jetstream().add_stream(name="WORDS", subjects=["words.>"])
    await broker.jetstream().publish(f"words.{word}", word.encode())
    await broker.close()
    async with redis.Redis.from_url(servers.redis_url) as cache:
        await cache.set(word, word)
        await cache.waitaof(1, 0, 2000)  # kill -9 may take the last second


async def recalls(servers: Servers, name: str, word: str) -> bool:
    match name:
        case "postgres":
            database = await asyncpg.connect(servers.database_url("order"))
            words = await database.fetch("SELECT word FROM words WHERE word = $1", word)
            await database.close()
            return len(words) == 1
        case "nats":
            broker = await nats.connect(servers.nats_url, allow_reconnect=False)
            message = await broker.jetstream().get_last_msg("WORDS", f"words.{word}")
            await broker.close()
            return message.data == word.encode()
        case _:
            async with redis.Redis.from_url(servers.redis_url) as cache:
                return bool(await cache.get(word) == word.encode())


@pytest.mark.parametrize("name", NAMES)
async def test_restart_keeps_port_and_data(servers: Servers, name: str) -> None:
    await remember(servers, f"graceful-{name}")
    before, url = servers.pid(name), servers.database_url("order")

    await servers.restart(name)

    assert servers.pid(name) != before
    assert servers.database_url("order") == url
    assert await recalls(servers, name, f"graceful-{name}")


@pytest.mark.parametrize("name", NAMES)
async def test_a_killed_server_stays_dead_until_restart_brings_it_back(
    servers: Servers, name: str
) -> None:
    await remember(servers, f"killed-{name}")
    server = psutil.Process(servers.pid(name))
    family = [server, *server.children(recursive=True)]

    await servers.kill(name)

    assert not any(lives(process) for process in family)
    await servers.restart(name)
    assert await recalls(servers, name, f"killed-{name}")


async def test_all_listen_on_loopback_only(servers: Servers) -> None:
    for name in NAMES:
        connections = psutil.Process(servers.pid(name)).net_connections("inet")
        listening = [c.laddr.ip for c in connections if c.status == psutil.CONN_LISTEN]
        assert set(listening) == {"127.0.0.1"}


async def test_a_role_reaches_its_own_database_only(servers: Servers) -> None:
    other = servers.database_url("order").removesuffix("/order") + "/payment"
    nobody = f"postgresql://postgres@{urlsplit(other).netloc.rpartition('@')[2]}/postgres"

    for refused in (other, nobody):
        with pytest.raises(asyncpg.InvalidAuthorizationSpecificationError):
            await asyncpg.connect(refused, password="guess")


async def test_a_new_database_is_empty_and_made_once(servers: Servers) -> None:
    url = await servers.new_database("scratch")

    assert await servers.new_database("scratch") == url
    database = await asyncpg.connect(url)
    assert await database.fetchval("SELECT count(*) FROM pg_stat_user_tables") == 0
    await database.close()


async def test_an_unknown_name_is_refused(servers: Servers) -> None:
    with pytest.raises(UnknownNameError, match="postgres"):
        await servers.restart("oracle")


async def test_another_run_directory_is_another_set_and_leaves_the_first_alone(
    servers: Servers, tmp_path: Path
) -> None:
    await remember(servers, "first")
    pids = [servers.pid(name) for name in NAMES]

    async with running_servers(tmp_path / "other") as others:
        assert others.nats_url != servers.nats_url
        assert others.run_dir.postgres != servers.run_dir.postgres
        with pytest.raises(AlreadyUpError):
            await running_servers(others.run_dir.path).__aenter__()

    assert processes_of(others.run_dir) == []
    assert files_of(others.run_dir) == []
    assert [servers.pid(name) for name in NAMES] == pids
    assert all([await recalls(servers, name, "first") for name in NAMES])
