"""A stack's file for tests that start none."""

from pathlib import Path

from shared.events.topology import GROUPS
from shopctl.stack_file import (
    Mail,
    Nats,
    Postgres,
    Provider,
    Redis,
    Replica,
    ServicePlace,
    StackFile,
    Tokens,
)


def stack() -> StackFile:
    return StackFile(
        services={
            name: ServicePlace(
                url=f"http://{name}", replicas=[Replica(pid=1, url=f"http://{name}")]
            )
            for name in GROUPS
        },
        provider=Provider(url="http://provider", pid=1),
        mail=Mail(smtp="mail:25", url="http://mail", pid=1),
        nats=Nats(url="nats://nats", monitor="http://monitor", pid=1, store=Path("store")),
        redis=Redis(url="redis://redis", pid=1),
        postgres=Postgres(pid=1, databases={}),
        tokens=Tokens(customer="customer", operator="operator"),
    )
