import pytest
from fastapi import APIRouter, FastAPI, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from shared.http import metrics
from shared.metrics import Metrics
from tests.unit.shared.http.asgi import client_of


async def quick(_request: Request) -> Response:
    return PlainTextResponse("quick")


def an_app(counted: Metrics) -> FastAPI:
    app = FastAPI()
    products = APIRouter(prefix="/products")

    @products.get("/{sku}")
    async def product(sku: str) -> str:
        return sku

    @app.get("/fails")
    async def fails() -> None:
        raise KeyError

    app.include_router(products)
    app.include_router(products, prefix="/v2")
    app.include_router(metrics.router(counted.registry))
    app.router.routes.append(Route("/quick/{name}", quick, methods=["POST"]))
    app.add_middleware(metrics.RequestMetrics, metrics=counted.http)
    return app


def requests(counted: Metrics, method: str, route: str, status: int) -> float | None:
    labels = {"method": method, "route": route, "status": str(status)}
    return counted.registry.get_sample_value("shop_http_request_seconds_count", labels)


@pytest.mark.parametrize(
    ("method", "path", "route", "status"),
    [
        ("GET", "/products/A-1", "/products/{sku}", 200),
        ("POST", "/quick/x", "/quick/{name}", 200),
        ("GET", "/quick/x", "/quick/{name}", 405),
        ("DELETE", "/products/A-1", "/products/{sku}", 405),
        ("GET", "/nowhere/1", "unmatched", 404),
        ("GET", "/fails", "/fails", 500),
        ("BREW", "/nowhere", "unmatched", 404),
    ],
)
async def test_a_request_is_counted_under_its_route_template(
    method: str, path: str, route: str, status: int
) -> None:
    counted = Metrics()
    async with client_of(an_app(counted)) as client:
        for _ in range(3):
            await client.request(method, path)

    assert requests(counted, "OTHER" if method == "BREW" else method, route, status) == 3


async def test_paths_do_not_make_labels() -> None:
    counted = Metrics()
    async with client_of(an_app(counted)) as client:
        for number in range(20):
            await client.get(f"/nowhere/{number}")
            await client.get(f"/products/{number}")
        page = await client.get("/metrics")

    counts = [line for line in page.text.splitlines() if "request_seconds_count" in line]
    assert page.headers["content-type"].startswith("text/plain")
    assert len(counts) == 2


async def test_a_plain_answer_without_a_response_is_the_client_gone() -> None:
    counted = Metrics()

    async def silent(scope: object, receive: object, send: object) -> None:
        pass

    async def never(*_: object) -> None:
        raise AssertionError

    scope = {"type": "http", "method": "GET", "app": FastAPI()}
    await metrics.RequestMetrics(silent, counted.http)(scope, never, never)  # type: ignore[arg-type]

    assert requests(counted, "GET", "unmatched", 499) == 1
