"""What the reports' HTTP says without a database behind it."""

from collections.abc import AsyncIterator

import httpx
import pytest
from pydantic import SecretStr

from services.analytics.main import build
from services.analytics.settings import AnalyticsSettings

REPORTS = ("summary", "revenue", "top-products", "payment-methods")


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    settings = AnalyticsSettings(
        database_url="postgresql://nobody@127.0.0.1:1/nowhere",
        customer_token=SecretStr("customer"),
        operator_token=SecretStr("operator"),
    )
    transport = httpx.ASGITransport(app=build(settings))
    async with httpx.AsyncClient(transport=transport, base_url="http://analytics") as client:
        yield client


AS_CUSTOMER = {"Authorization": "Bearer customer"}


@pytest.mark.parametrize("report", REPORTS)
async def test_reports_want_a_token(report: str, client: httpx.AsyncClient) -> None:
    answer = await client.get(f"/reports/{report}")
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("report", REPORTS)
@pytest.mark.parametrize("token", ["customer", "operator"])
async def test_without_postgres_either_caller_is_asked_to_come_back(
    report: str, token: str, client: httpx.AsyncClient
) -> None:
    answer = await client.get(f"/reports/{report}", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 503
    assert "Retry-After" in answer.headers


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("revenue?window=week", "window"),
        ("revenue?from=yesterday", "from"),
        ("revenue?from=1738281600", "from"),
        ("revenue?to=2025-01-31", "to"),
        ("revenue?to=2025-01-31T10:00:00", "to"),
        ("revenue?to=2025-02-30T10:00:00Z", "to"),
        ("revenue?to=2025-01-31T10:00:00+01:00", "to"),  # the plus arrives as a space
        ("revenue?from=2025-01-31T10:00:00Z&to=2025-01-30T10:00:00Z", "from"),
        ("revenue?window=minute&from=2024-01-01T00:00:00Z&to=2025-01-01T00:00:00Z", "from"),
        ("revenue?from=1969-12-31T23:59:59Z&to=2025-01-01T00:00:00Z", "from"),
        ("revenue?to=9999-12-31T23:59:59Z", "to"),
        ("revenue?to=0001-01-01T00:00:00%2B14:00", "to"),
        ("revenue?form=2025-01-31T10:00:00Z", "form"),
        ("top-products?limit=0", "limit"),
        ("top-products?limit=1001", "limit"),
        ("top-products?limit=ten", "limit"),
    ],
)
async def test_what_cannot_be_asked_is_refused_with_the_field(
    path: str, field: str, client: httpx.AsyncClient
) -> None:
    answer = await client.get(f"/reports/{path}", headers=AS_CUSTOMER)
    assert answer.status_code == 422
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert [error["field"] for error in answer.json()["errors"]] == [field]
