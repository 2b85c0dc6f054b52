"""The five services as processes, each replica with a port of its own."""

import json
import os
import sys
from collections.abc import Mapping, Sequence

from shopctl import postgres, steps
from shopctl.plan import SERVICES, service_of
from shopctl.ports import LOOPBACK, Ports
from shopctl.processes import Program
from shopctl.run_dir import CHECKOUT, RunDir
from shopctl.state_file import State


def program(
    run_dir: RunDir,
    ports: Ports,
    name: str,
    *,
    env: Mapping[str, str],
    launch: Sequence[str] = (),
) -> Program:
    """One replica; `name` is like `order-1`, `launch` as in Plan."""
    url = f"http://{LOOPBACK}:{(port := ports.free())}"
    return Program(
        name=name,
        command=(sys.executable, "-m", *launch, f"services.{service_of(name)}"),
        log=run_dir.log(name),
        directory=CHECKOUT,
        ready_when=(f"{url}/readyz",),
        urls={"url": url},
        env={**env, "SHOP_HTTP_PORT": str(port)},
    )


def environment(state: State, service: str) -> dict[str, str]:
    """What the service is told; the operator's own SHOP_… settings reach it too."""
    running = state.running
    own = {name: value for name, value in os.environ.items() if name.startswith("SHOP_")}
    told = {
        "SHOP_DATABASE_URL": database_url(state, service),
        "SHOP_NATS_URL": running["nats"].program.urls["url"],
        "SHOP_REDIS_URL": running["redis"].program.urls["url"],
        "SHOP_CUSTOMER_TOKEN": state.secrets.customer,
        "SHOP_OPERATOR_TOKEN": state.secrets.operator,
    }
    match service:
        case "payment":
            told["SHOP_PAYMENT_PROVIDER_URL"] = provider_url(state)
        case "email":
            told["SHOP_EMAIL_SMTP"] = smtp(state)
    return {**own, **told}


def database_url(state: State, service: str) -> str:
    server = state.running["postgres"].program
    return postgres.url(server, service, password=state.secrets.database)


def provider_url(state: State) -> str:
    return state.plan.provider or state.running["provider"].program.urls["url"]


def smtp(state: State) -> str:
    return state.plan.smtp or state.running["mail"].program.urls["smtp"]


async def migrate(run_dir: RunDir, state: State) -> None:
    databases = {service: database_url(state, service) for service in SERVICES}
    await steps.run_step(
        "migrations",
        (sys.executable, "-m", "shopctl.migrations"),
        log=run_dir.log("migrations"),
        directory=CHECKOUT,
        stdin=json.dumps(databases),
    )


async def set_up_topology(run_dir: RunDir, state: State) -> None:
    await steps.run_step(
        "topology",
        (sys.executable, "-m", "shared.messaging.topology_setup"),
        log=run_dir.log("topology"),
        directory=CHECKOUT,
        env={"SHOP_NATS_URL": state.running["nats"].program.urls["url"]},
    )
