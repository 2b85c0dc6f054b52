"""What email is told by its environment."""

import pytest

from services.email.rendering.composer import Composer
from services.email.settings import EmailSettings
from shared.settings import load

REQUIRED = {
    "SHOP_DATABASE_URL": "postgresql://email@localhost/email",
    "SHOP_CUSTOMER_TOKEN": "customer",
    "SHOP_OPERATOR_TOKEN": "operator",
}


@pytest.fixture(autouse=True)
def required(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in REQUIRED.items():
        monkeypatch.setenv(name, value)


def test_the_mail_server_is_a_host_and_a_port(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_EMAIL_SMTP", "mail.shop.example:2525")
    assert load(EmailSettings).smtp_address == ("mail.shop.example", 2525)


def test_the_usual_sender_can_send() -> None:
    assert Composer(load(EmailSettings).email_sender)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SHOP_EMAIL_SMTP", "mail.shop.example"),
        ("SHOP_EMAIL_SMTP", ":25"),
        ("SHOP_EMAIL_CONNECTIONS", "0"),
        ("SHOP_EMAIL_TIMEOUT_S", "60"),
        ("SHOP_EMAIL_SENDER", "nobody"),
        ("SHOP_EMAIL_SENDER", "Shop <a@b>\r\nBcc: thief@example.org"),
        ("SHOP_EMAIL_SENDR", "a@b.example"),
    ],
)
def test_a_wrong_setting_is_refused_by_its_name(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit):
        load(EmailSettings)
    assert name in capsys.readouterr().err
