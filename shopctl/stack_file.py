"""`.run/stack.json`: where everything is, for whoever works with the running stack."""

from pathlib import Path

from pydantic import BaseModel

from shopctl import services
from shopctl.plan import SERVICES
from shopctl.run_dir import RunDir
from shopctl.state_file import State, write_private


class Replica(BaseModel):
    pid: int
    url: str


class ServicePlace(BaseModel):
    url: str  # of the first replica
    replicas: list[Replica]


class Provider(BaseModel):
    url: str
    pid: int | None  # None: not ours


class Mail(BaseModel):
    smtp: str
    url: str | None  # None: not ours, and what it received is not ours to see
    pid: int | None


class Nats(BaseModel):
    url: str
    monitor: str
    pid: int
    store: Path


class Redis(BaseModel):
    url: str
    pid: int


class Postgres(BaseModel):
    pid: int
    databases: dict[str, str]


class Tokens(BaseModel):
    customer: str
    operator: str


class StackFile(BaseModel):
    services: dict[str, ServicePlace]
    provider: Provider
    mail: Mail
    nats: Nats
    redis: Redis
    postgres: Postgres
    tokens: Tokens

    @classmethod
    def read(cls, path: Path) -> "StackFile":
        return cls.model_validate_json(path.read_bytes())


def write(state: State, run_dir: RunDir) -> StackFile:
    described = describe(state)
    write_private(run_dir.stack, described.model_dump_json(indent=1).encode())
    return described


def describe(state: State) -> StackFile:
    nats, redis, postgres = (state.running[name] for name in ("nats", "redis", "postgres"))
    return StackFile(
        services={name: _service(state, name) for name in SERVICES},
        provider=Provider(url=services.provider_url(state), pid=_pid(state, "provider")),
        mail=_mail(state),
        nats=Nats.model_validate({**nats.program.urls, "pid": nats.pid}),
        redis=Redis(url=redis.program.urls["url"], pid=redis.pid),
        postgres=Postgres(
            pid=postgres.pid,
            databases={name: services.database_url(state, name) for name in SERVICES},
        ),
        tokens=Tokens(customer=state.secrets.customer, operator=state.secrets.operator),
    )


def _service(state: State, service: str) -> ServicePlace:
    running = [state.running[name] for name in state.plan.names(service)]
    replicas = [Replica(pid=each.pid, url=each.program.urls["url"]) for each in running]
    return ServicePlace(url=replicas[0].url, replicas=replicas)


def _mail(state: State) -> Mail:
    sink = state.running.get("mail")
    return Mail(
        smtp=services.smtp(state),
        url=sink.program.urls["url"] if sink else None,
        pid=_pid(state, "mail"),
    )


def _pid(state: State, name: str) -> int | None:
    running = state.running.get(name)
    return running.pid if running else None
