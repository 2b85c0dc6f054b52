import asyncio

from fastapi import FastAPI

from shared.errors import DependencyDown
from shared.http import health, problems
from shared.http.health import Health
from tests.unit.shared.http.asgi import client_of


class Dependency:
    """A check that counts its calls, and fails or hangs on demand."""

    def __init__(self) -> None:
        self.error: Exception | None = None
        self.hangs = False
        self.calls = 0

    async def ping(self) -> None:
        self.calls += 1
        while self.hangs:  # also when cancelled, as a client may whose server is stopped
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                await asyncio.sleep(0)
        if self.error:
            raise self.error


class Watch:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def an_app(checks: Health) -> FastAPI:
    app = FastAPI()
    problems.install(app)
    app.include_router(health.router(checks))
    return app


async def test_ready_when_every_check_passes() -> None:
    checks = Health({"database": Dependency().ping, "broker": Dependency().ping})
    async with client_of(an_app(checks)) as client:
        answer = await client.get("/readyz")

    assert answer.status_code == 200
    assert answer.json() == {"status": "ready", "checks": {"database": "ok", "broker": "ok"}}


async def test_each_dependency_that_is_away_is_a_reason() -> None:
    database, broker = Dependency(), Dependency()
    database.error = DependencyDown("postgres", "secret detail")
    broker.error = OSError("secret address")
    checks = Health({"database": database.ping, "broker": broker.ping})
    async with client_of(an_app(checks)) as client:
        answer = await client.get("/readyz")

    assert answer.status_code == 503
    assert answer.headers["content-type"] == problems.MEDIA_TYPE
    assert answer.json()["reasons"] == ["database: not available", "broker: OSError"]


async def test_a_check_that_hangs_is_a_reason_and_is_not_started_twice() -> None:
    database, watch = Dependency(), Watch()
    database.hangs = True
    checks = Health({"database": database.ping}, deadline_s=0.01, now=watch)

    assert await checks.results() == {"database": "no answer within 0.01 s"}
    watch.now += 1
    assert await checks.results() == {"database": "no answer within 0.01 s"}
    assert database.calls == 1
    database.hangs = False


async def test_a_check_that_hung_is_asked_again_when_it_is_free() -> None:
    database, watch = Dependency(), Watch()
    database.hangs = True
    checks = Health({"database": database.ping}, deadline_s=0.01, now=watch)
    await checks.results()

    database.hangs = False
    for _ in range(2):
        watch.now += 1
        results = await checks.results()

    assert results == {"database": "ok"}


async def test_many_probes_at_once_are_one_check() -> None:
    database, watch = Dependency(), Watch()
    checks = Health({"database": database.ping}, now=watch)

    await asyncio.gather(*(checks.results() for _ in range(50)))
    assert database.calls == 1

    watch.now += 0.19
    await checks.results()
    assert database.calls == 1

    watch.now += 0.02
    await checks.results()
    assert database.calls == 2


async def test_a_process_that_drains_lives_but_is_not_ready() -> None:
    checks = Health({"database": Dependency().ping})
    checks.draining = True
    async with client_of(an_app(checks)) as client:
        alive, ready = await client.get("/healthz"), await client.get("/readyz")

    assert (alive.status_code, alive.json()) == (200, {"status": "alive"})
    assert ready.status_code == 503
    assert ready.json()["reasons"] == ["shutting down"]
