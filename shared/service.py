"""What every service is made of, put together once: HTTP, database, broker, relay, lifetime.

    service = Service("inventory", settings)
    warehouse = service.commits(InventoryRepository())
    consumers.register(service.consumer, warehouse)
    service.app.include_router(api.router(...))

Started in the order of need, stopped in the order that loses nothing: timers, consumers, what
they commit, what the relay has to publish, the broker, and the database last.
"""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, suppress
from datetime import timedelta
from time import monotonic
from typing import Any, TypeVar

import structlog
from fastapi import FastAPI
from nats.errors import Error as NatsError

from shared import logs, redis_client, telemetry
from shared.errors import DependencyDown
from shared.events.topology import STREAMS
from shared.http import asyncapi, auth, dead_letters, health, limits, metrics, problems
from shared.http.admission import Admission
from shared.http.direct import DirectRoutes
from shared.messaging.broker import make_broker
from shared.messaging.consumer import Consumer
from shared.messaging.desk.desk import Desk
from shared.messaging.desk.gauges import Gauges
from shared.messaging.idempotency import Seen
from shared.messaging.lost_tail import CHECK_EVERY_S, LostTail
from shared.messaging.relay import Relay
from shared.metrics import Metrics
from shared.persistence.database import ChainedConnection, Database, KeptConnection
from shared.persistence.group_commit import GroupCommit, HopefulRepository, Repository
from shared.settings import ServiceSettings
from shared.tasks import end

log = structlog.get_logger(__name__)

N = TypeVar("N")
S = TypeVar("S")

RELAY_SHARE_S = 2.0  # of the drain, kept for publishing what the last commits have to say
MEASURE_EVERY_S = 15.0  # what asks a server for a gauge; Prometheus comes no more often, as a rule
START_S = 30.0
GOODBYE_S = 1
KEPT_CONNECTIONS = 3  # beside those for reading: group commits, relay, the look at the tail


class Service:
    """One process of one service. Nothing is connected before the app's lifespan begins."""

    def __init__(
        self, name: str, settings: ServiceSettings, *, streamed_paths: frozenset[str] = frozenset()
    ) -> None:
        self.name = name
        self.settings = settings
        logs.configure(name, level=settings.log_level, form=settings.log_format)
        self.metrics = Metrics()
        self.tracing = telemetry.tracing(settings, service=name)
        self.database = Database(
            settings.database_url,
            application=name,
            pool_size=settings.database_pool_size + KEPT_CONNECTIONS,
        )
        self.redis = redis_client.connect(settings.redis_url)
        self.broker = make_broker(
            settings.nats_url, name=name, on_reconnect=self._reconnected, on_closed=self._closed
        )
        self.relay = Relay(
            KeptConnection(self.database.engine, synchronous_commit=False),
            metrics=self.metrics.relay,
            keep_outbox=timedelta(seconds=settings.outbox_keep_s),
            keep_inbox=timedelta(seconds=settings.inbox_keep_s),
        )
        self.consumer = Consumer(
            name,
            self.broker,
            seen=Seen(self.redis, name, keep_s=settings.seen_ttl_s, metrics=self.metrics.seen),
            metrics=self.metrics,
            workers=settings.consumer_workers,
            max_deliveries=settings.max_deliveries,
        )
        self.health = health.Health({"database": self.database.ping, "broker": self._ping_broker})
        self.app = self._make_app(streamed_paths)
        self.direct = DirectRoutes(
            self.app.exception_handlers,
            max_bytes=settings.max_body_bytes,
            metrics=self.metrics.http,
        )
        self.app.state.direct = self.direct
        self._commits: list[GroupCommit[Any, Any]] = []
        self._resources: list[AbstractAsyncContextManager[Any]] = []
        self._jobs: list[tuple[str, float, Callable[[], Awaitable[None]]]] = []
        self.every(MEASURE_EVERY_S, self.consumer.measure_lag, name="measure-lag")
        self.every(MEASURE_EVERY_S, self.relay.measure_backlog, name="measure-backlog")
        self.dead_letters = Gauges(name, lambda: self._jetstream, self.metrics.dead_letters)
        self.every(MEASURE_EVERY_S, self.dead_letters.refresh, name="count-dead-letters")
        self._watch_the_tail()

    def commits(
        self,
        repository: Repository[N, S],
        *,
        refusals: tuple[type[Exception], ...] = (),
        linger_s: float = 0.0,
    ) -> GroupCommit[N, S]:
        """Return a group commit that lives as long as the service; `linger_s` as it has it."""
        is_hopeful = isinstance(repository, HopefulRepository)
        connection_class = KeptConnection if is_hopeful else ChainedConnection
        commits = GroupCommit(
            connection_class(self.database.engine),
            repository,
            publish=self.relay.hand_over,
            metrics=self.metrics.group_commit,
            refusals=refusals,
            linger_s=linger_s,
            limit=self.settings.group_limit,
            queue=self.settings.group_queue,
        )
        self._commits.append(commits)
        return commits

    def resource(self, manager: AbstractAsyncContextManager[Any]) -> None:
        """Enter the manager before the consumers start, and leave it after they have stopped."""
        self._resources.append(manager)

    def every(self, seconds: float, job: Callable[[], Awaitable[None]], *, name: str) -> None:
        """Run `job` again and again, `seconds` after its last end; its errors are logged."""
        self._jobs.append((name, seconds, job))

    def _watch_the_tail(self) -> None:
        """Have the streams that this service speaks in checked for what the broker has lost."""
        for stream in STREAMS:
            if stream.owner == self.name:
                tail = LostTail(
                    KeptConnection(self.database.engine),
                    stream.name,
                    lambda: self._jetstream,
                    self.metrics.relay,
                )
                self.every(CHECK_EVERY_S, tail.check, name="check-tail")

    def _make_app(self, streamed_paths: frozenset[str]) -> FastAPI:
        app = FastAPI(
            title=f"shop: {self.name}",
            lifespan=self._lifespan,
            responses=problems.RESPONSES,
            telemetry=self.tracing.http,
        )
        problems.install(app)
        auth.install(app, auth.Tokens.of(self.settings))
        app.include_router(health.router(self.health))
        app.include_router(metrics.router(self.metrics.registry))
        app.include_router(asyncapi.router(self.broker, title=f"shop: {self.name}"))
        dead_letters.install(app, Desk(lambda: self._nats, group=self.name))
        # The last added is the outermost.
        app.add_middleware(
            limits.BodyLimit, max_bytes=self.settings.max_body_bytes, streamed=streamed_paths
        )
        app.add_middleware(metrics.RequestMetrics, metrics=self.metrics.http)
        app.state.health = self.health
        app.state.admission = Admission(self.settings.http_in_flight, self.metrics.registry)
        return app

    @asynccontextmanager
    async def _lifespan(self, _app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            stack.push_async_callback(self._disconnect)
            for manager in self._resources:
                await stack.enter_async_context(manager)
            for commits in self._commits:
                commits.start()
            # nats-py would try for ever, deaf to SIGTERM; the supervisor's restart is the retry.
            async with asyncio.timeout(START_S):
                await self.broker.start()
            stack.push_async_callback(self._leave_broker)
            await self.relay.start(self._nats)
            await self.consumer.start()
            jobs = [asyncio.create_task(self._repeat(*job), name=job[0]) for job in self._jobs]
            log.info("service.started")
            try:
                yield
            finally:
                await self._drain(jobs)

    async def _drain(self, jobs: list[asyncio.Task[None]]) -> None:
        deadline = monotonic() + self.settings.drain_s
        self.health.draining = True
        await end(jobs)
        await self.consumer.stop(max(0.0, deadline - monotonic() - RELAY_SHARE_S))
        for commits in self._commits:
            await commits.stop(max(0.0, deadline - monotonic()))
        await self.relay.stop(max(0.0, deadline - monotonic()))
        log.info("service.drained")

    async def _leave_broker(self) -> None:
        """Send what is written, and close. A broker that hangs is not waited for: FastStream's own
        stop would drain for 15 s, and there is nothing left to drain."""
        for last in (self._nats.flush(GOODBYE_S), self._nats.close()):
            with suppress(NatsError, OSError, TimeoutError):
                await asyncio.wait_for(last, GOODBYE_S)

    async def _disconnect(self) -> None:
        with suppress(NatsError, OSError, TimeoutError):  # the broker may be away: nothing is lost
            await self.broker.stop()
        await self.redis.aclose()
        await self.database.close()
        await self.tracing.close()

    async def _repeat(self, name: str, seconds: float, job: Callable[[], Awaitable[None]]) -> None:
        while True:
            await asyncio.sleep(seconds)
            try:
                await job()
            except (DependencyDown, NatsError) as down:
                log.info("job.waits", job=name, reason=repr(down))
            except Exception:
                log.exception("job.failed", job=name)

    @property
    def _nats(self) -> Any:
        return self.broker.config.connection_state.connection

    @property
    def _jetstream(self) -> Any:
        return self.broker.config.connection_state.stream

    async def _ping_broker(self) -> None:
        if not self._nats.is_connected:
            raise DependencyDown("broker", "not connected")

    async def _reconnected(self) -> None:
        self.relay.reconnected()
        self.consumer.reconnected()

    async def _closed(self) -> None:
        """End the process if nats-py gave up for good: without a connection it is of no use."""
        if not self.health.draining:
            log.critical("broker.closed")
            os.kill(os.getpid(), signal.SIGTERM)
