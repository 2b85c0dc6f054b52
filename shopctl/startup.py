"""In which order the parts come up; what does not wait for another comes up beside it."""

from collections.abc import Iterable

from shopctl import nats, outside, postgres, services, valkey
from shopctl.plan import SERVICES, service_of
from shopctl.ports import Ports
from shopctl.supervisor import Supervisor
from shopctl.tasks import together

SERVERS = (postgres.NAME, nats.NAME, valkey.NAME)


async def start_all(supervisor: Supervisor) -> None:
    ports = Ports()
    async with together() as group:
        group.create_task(start_servers(supervisor, ports))
        group.create_task(_start_outside(supervisor, ports))
    async with together() as group:
        group.create_task(services.set_up_topology(supervisor.run_dir, supervisor.state))
        group.create_task(services.migrate(supervisor.run_dir, supervisor.state))
    supervisor.report("schemas and streams", "set up")
    async with together() as group:
        for service in SERVICES:
            for name in supervisor.state.plan.names(service):
                group.create_task(_start_replica(supervisor, ports, name))


async def start_servers(supervisor: Supervisor, ports: Ports) -> None:
    run_dir = supervisor.run_dir
    async with together() as group:
        group.create_task(_start_postgres(supervisor, ports))
        group.create_task(supervisor.start(lambda: nats.program(run_dir, ports)))
        group.create_task(supervisor.start(lambda: valkey.program(run_dir, ports)))


async def _start_postgres(supervisor: Supervisor, ports: Ports) -> None:
    run_dir = supervisor.run_dir
    await postgres.prepare(run_dir)
    server = await supervisor.start(lambda: postgres.program(run_dir, ports))
    password = supervisor.state.secrets.database
    await postgres.provision(run_dir, server, SERVICES, password=password)


async def _start_outside(supervisor: Supervisor, ports: Ports) -> None:
    run_dir, plan = supervisor.run_dir, supervisor.state.plan
    async with together() as group:
        if plan.provider is None:
            group.create_task(supervisor.start(lambda: outside.provider(run_dir, ports)))
        if plan.smtp is None:
            group.create_task(supervisor.start(lambda: outside.mail(run_dir, ports)))


async def _start_replica(supervisor: Supervisor, ports: Ports, name: str) -> None:
    service, state = service_of(name), supervisor.state
    env, launch = services.environment(state, service), state.plan.launch.get(service, ())
    await supervisor.start(
        lambda: services.program(supervisor.run_dir, ports, name, env=env, launch=launch)
    )


def stop_order(names: Iterable[str]) -> list[list[str]]:
    """Who stops together, in order: services, then the world outside, then the servers."""
    left = set(names)
    servers, world = left & {*SERVERS}, left & {"provider", "mail"}
    return [sorted(group) for group in (left - servers - world, world, servers)]
