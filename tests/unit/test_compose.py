"""What docker-compose.yml says fits what the code says; that it runs is seen with Docker."""

import importlib
import json
import re
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import yaml

from audit.stack import Stack
from shared import server
from shared.events.topology import GROUPS
from shared.settings import ServiceSettings, load

ROOT = Path(__file__).resolve().parents[2]
VARIABLE = re.compile(r"\$\{(\w+):-([^}]*)\}")
STEPS = {"migrate", "topology"}
ON_DEMAND = {"audit"}


def with_defaults(node: Any) -> Any:
    """As Compose reads it where nothing is set: `${NAME:-default}` is its default."""
    match node:
        case dict():
            return {name: with_defaults(value) for name, value in node.items()}
        case list():
            return [with_defaults(value) for value in node]
        case str():
            return VARIABLE.sub(lambda found: found[2], node)
    return node


SOURCE = (ROOT / "docker-compose.yml").read_text()
PROJECT: dict[str, Any] = with_defaults(yaml.safe_load(SOURCE))
SERVICES: dict[str, dict[str, Any]] = PROJECT["services"]
STACK = Stack.model_validate_json(PROJECT["configs"]["stack"]["content"])


def settings_class(service: str) -> type[ServiceSettings]:
    module = importlib.import_module(f"services.{service}.settings")
    found: type[ServiceSettings] = getattr(module, f"{service.title()}Settings")
    return found


@pytest.fixture
def loaded(monkeypatch: pytest.MonkeyPatch, service: str) -> ServiceSettings:
    """The service's settings, as its container reads them; it refuses what is not declared."""
    environment: Mapping[str, str] = SERVICES[service]["environment"]
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return load(settings_class(service))


@pytest.mark.parametrize("service", GROUPS)
def test_a_container_declares_each_of_its_settings(loaded: ServiceSettings, service: str) -> None:
    assert loaded.http_host == "0.0.0.0"
    assert loaded.database_url.startswith(f"postgresql://{service}:")
    assert loaded.database_url.endswith(f"/{service}")


@pytest.mark.parametrize("service", GROUPS)
def test_a_container_has_time_to_drain(loaded: ServiceSettings, service: str) -> None:
    grace_s = float(SERVICES[service]["stop_grace_period"].removesuffix("s"))

    assert grace_s > server.NOT_READY_S + server.REQUESTS_S + loaded.drain_s


@pytest.mark.parametrize("service", GROUPS)
def test_services_wait_for_servers_and_steps(service: str) -> None:
    awaited = {name: how["condition"] for name, how in SERVICES[service]["depends_on"].items()}

    assert {awaited[name] for name in ("postgres", "nats", "redis")} == {"service_healthy"}
    assert {awaited[name] for name in STEPS} == {"service_completed_successfully"}


def test_payment_and_email_wait_for_the_world_outside() -> None:
    assert SERVICES["payment"]["depends_on"]["provider"] == {"condition": "service_healthy"}
    assert SERVICES["email"]["depends_on"]["mailpit"] == {"condition": "service_healthy"}


def test_everything_that_stays_up_has_a_health_check_and_comes_back() -> None:
    for name in SERVICES.keys() - STEPS - ON_DEMAND:
        assert "test" in SERVICES[name]["healthcheck"], name
        assert SERVICES[name]["restart"] == "unless-stopped", name


def test_ports_are_published_on_loopback_alone() -> None:
    published = [port for service in SERVICES.values() for port in service.get("ports", [])]

    assert len(published) == len(GROUPS) + 2
    assert all(port.startswith("127.0.0.1:") for port in published)


def test_nothing_stands_in_the_way_of_replicas() -> None:
    assert not [name for name, service in SERVICES.items() if "container_name" in service]


def test_our_containers_may_do_little() -> None:
    ours = [service for service in SERVICES.values() if "build" in service]

    assert len(ours) == len(GROUPS) + len(STEPS) + len(ON_DEMAND) + 1
    assert all(container["cap_drop"] == ["ALL"] for container in ours)
    assert re.search(r"^USER [1-9]", (ROOT / "Dockerfile").read_text(), re.MULTILINE)


def test_every_module_that_a_container_runs_exists() -> None:
    modules = set(re.findall(r"python -m ([\w.]+)", SOURCE))
    modules |= set(re.findall(r'"-m", "([\w.]+)"', SOURCE))

    assert {f"services.{service}" for service in GROUPS} <= modules
    assert all(find_spec(module) for module in modules)


def test_each_service_has_a_database_and_the_migration_and_the_audit_know_it() -> None:
    own = {name: SERVICES[name]["environment"]["SHOP_DATABASE_URL"] for name in GROUPS}
    provisioned = (ROOT / "deploy/postgres/databases.sh").read_text()

    assert json.loads(SERVICES["migrate"]["environment"]["DATABASES"]) == own
    assert STACK.postgres.databases == own
    for name in GROUPS:
        assert f'provision {name} "${name.upper()}_DB_PASSWORD"\n' in provisioned
        assert f"{name.upper()}_DB_PASSWORD" in SERVICES["postgres"]["environment"]
    assert len({url.split("@")[0] for url in own.values()}) == len(GROUPS)


def test_the_stack_that_the_audit_reads_is_this_one() -> None:
    environment = SERVICES["order"]["environment"]

    assert STACK.services.keys() == set(GROUPS)
    assert STACK.nats.url == environment["SHOP_NATS_URL"]
    assert STACK.provider.url == SERVICES["payment"]["environment"]["SHOP_PAYMENT_PROVIDER_URL"]
    assert STACK.tokens.operator == environment["SHOP_OPERATOR_TOKEN"]
    assert STACK.tokens.customer == environment["SHOP_CUSTOMER_TOKEN"]


def test_the_example_environment_names_every_variable_with_its_default() -> None:
    lines = (ROOT / ".env.example").read_text().splitlines()
    example = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))

    assert example == dict(VARIABLE.findall(SOURCE))
    assert "${" not in VARIABLE.sub("", SOURCE)
