from collections.abc import Mapping

import pytest
from pydantic import Field

from shared.settings import ServiceSettings, load, reference

REQUIRED = {
    "SHOP_DATABASE_URL": "postgresql://shop:hush@127.0.0.1/payment",
    "SHOP_CUSTOMER_TOKEN": "customer-token",
    "SHOP_OPERATOR_TOKEN": "operator-token",
}


class PaymentSettings(ServiceSettings):
    """What payment needs besides."""

    payment_workers: int = Field(8, ge=1, description="Calls to the provider at once.")


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name, value in REQUIRED.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def refusal(
    environment: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    wrong: Mapping[str, str],
) -> list[str]:
    for name, value in wrong.items():
        environment.setenv(name, value)
    with pytest.raises(SystemExit) as exit_:
        load(PaymentSettings)
    assert exit_.value.code == 2
    return capsys.readouterr().err.splitlines()


def test_settings_come_from_the_environment(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("SHOP_PAYMENT_WORKERS", "3")
    environment.setenv("SHOP_OTLP_ENDPOINT", "")

    settings = load(PaymentSettings)

    assert settings.payment_workers == 3
    assert settings.otlp_endpoint is None
    assert settings.nats_url == "nats://127.0.0.1:4222"
    assert settings.customer_token.get_secret_value() == "customer-token"


def test_another_services_settings_are_none_of_ours(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("SHOP_EMAIL_SMTP", "mail:25")
    environment.setenv("HOME_MADE", "yes")

    assert load(PaymentSettings).payment_workers == 8


@pytest.mark.parametrize("name", ["SHOP_NATS_URI", "SHOP_PAYMENT_WORKER", "SHOP_SHIPPING_X"])
def test_an_unknown_variable_is_refused_by_name(
    name: str, environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert refusal(environment, capsys, {name: "1"}) == [f"{name} is not a setting"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SHOP_HTTP_PORT", "eighty"),
        ("SHOP_HTTP_PORT", "65536"),
        ("SHOP_DATABASE_URL", "mysql://root:hush@db/x"),
        ("SHOP_NATS_URL", "http://nats"),
        ("SHOP_LOG_LEVEL", "LOUD"),
        ("SHOP_LOG_FORMAT", "xml"),
        ("SHOP_DRAIN_S", "inf"),
        ("SHOP_INBOX_KEEP_S", "3600"),
        ("SHOP_OTLP_ENDPOINT", "collector:4318"),
        ("SHOP_CUSTOMER_TOKEN", "hush hush"),
        ("SHOP_OPERATOR_TOKEN", "customer-token"),
        ("SHOP_PAYMENT_WORKERS", "0"),
    ],
)
def test_a_wrong_value_is_refused_by_name_in_one_line_and_not_shown(
    name: str, value: str, environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (line,) = refusal(environment, capsys, {name: value})

    assert line.startswith(f"{name} ")
    assert "hush" not in line


def test_what_is_missing_is_named_with_its_meaning(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    environment.delenv("SHOP_DATABASE_URL")
    lines = refusal(environment, capsys, {"SHOP_TYPO": "1", "SHOP_HTTP_PORT": "-1"})

    assert [line.split()[0] for line in lines] == [
        "SHOP_TYPO",
        "SHOP_DATABASE_URL",
        "SHOP_HTTP_PORT",
    ]
    assert lines[1].startswith("SHOP_DATABASE_URL is not set: The service's own database")


def test_secrets_do_not_show_when_settings_are_printed(environment: pytest.MonkeyPatch) -> None:
    shown = repr(load(PaymentSettings))

    assert "hush" not in shown
    assert "customer-token" not in shown


def test_the_reference_lists_every_setting_once() -> None:
    page = reference([ServiceSettings, PaymentSettings])

    for name in PaymentSettings.model_fields:
        assert page.count(f"| `SHOP_{name.upper()}` |") == 1
    assert "## PaymentSettings\n\nWhat payment needs besides.\n" in page
    assert (
        "| `SHOP_PAYMENT_WORKERS` | whole number | `8` | Calls to the provider at once. |" in page
    )
    assert "| `SHOP_LOG_FORMAT` | `json`, `console` | `json` |" in page
    assert "| `SHOP_CUSTOMER_TOKEN` | secret | *required* |" in page


def test_every_setting_is_described() -> None:
    for name, field in ServiceSettings.model_fields.items():
        assert field.description, name
        assert field.description.endswith("."), name
