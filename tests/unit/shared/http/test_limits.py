from collections.abc import AsyncIterator

import pytest
from fastapi import FastAPI, Request
from starlette.responses import PlainTextResponse, Response

from shared.http import limits, problems
from tests.unit.shared.http.asgi import client_of

LIMIT = 1000


def an_app() -> FastAPI:
    app = FastAPI()
    problems.install(app)
    app.add_middleware(limits.BodyLimit, max_bytes=LIMIT, streamed={"/import"})

    @app.post("/orders")
    @app.post("/import")
    async def length(request: Request) -> Response:
        return PlainTextResponse(str(len(await request.body())))

    @app.post("/model")
    async def model(body: dict[str, str]) -> int:
        return len(body)

    return app


async def in_pieces(size: int) -> AsyncIterator[bytes]:
    for _ in range(size // 100):
        yield b"x" * 100


@pytest.mark.parametrize("path", ["/orders", "/model"])
async def test_a_stated_length_beyond_the_limit_is_413(path: str) -> None:
    async with client_of(an_app()) as client:
        answer = await client.post(path, content=b"x" * (LIMIT + 1))

    assert answer.status_code == 413
    assert answer.headers["content-type"] == problems.MEDIA_TYPE
    assert answer.json()["detail"] == "the body is larger than 1000 bytes"


@pytest.mark.parametrize("path", ["/orders", "/model"])
async def test_an_unstated_length_is_counted(path: str) -> None:
    async with client_of(an_app()) as client:
        headers = {"Content-Type": "application/json"}
        answer = await client.post(path, content=in_pieces(LIMIT + 100), headers=headers)

    assert answer.status_code == 413
    assert answer.headers["content-type"] == problems.MEDIA_TYPE


async def test_up_to_the_limit_a_body_passes() -> None:
    async with client_of(an_app()) as client:
        whole = await client.post("/orders", content=b"x" * LIMIT)
        pieces = await client.post("/orders", content=in_pieces(LIMIT))

    assert (whole.text, pieces.text) == ("1000", "1000")


@pytest.mark.parametrize("length", ["-1", "ten", "9" * 5000])
async def test_a_length_that_is_no_number_is_not_believed(length: str) -> None:
    async with client_of(an_app()) as client:
        headers = {"Content-Length": length}
        answer = await client.post("/orders", content=b"x" * (LIMIT + 1), headers=headers)

    assert answer.status_code == 413


async def test_chunks_are_counted_whatever_length_is_stated_beside_them() -> None:
    async with client_of(an_app()) as client:
        headers = {"Content-Length": "5", "Transfer-Encoding": "chunked"}
        answer = await client.post("/orders", content=in_pieces(LIMIT + 100), headers=headers)

    assert answer.status_code == 413


async def test_a_path_that_streams_keeps_its_own_limit() -> None:
    async with client_of(an_app()) as client:
        answer = await client.post("/import", content=b"x" * (LIMIT + 1))

    assert answer.text == "1001"
