import asyncio

import httpx
import pytest

from shopctl import patience
from shopctl.patience import NoAnswerError, refusal
from tests.eventually import settled
from tests.unit.shopctl.scripted import ONE, TWO, Step, client

AT_ONCE = {"Retry-After": "0"}
BUSY = httpx.Response(503, headers=AT_ONCE, json={"title": "Busy", "detail": "too much"})
DONE = httpx.Response(202, json={})


@pytest.fixture(autouse=True)
def _hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "TRY_AGAIN_AFTER_S", 0.0)


async def asking(
    *steps: Step, urls: tuple[str, ...] = (ONE,), **how: object
) -> tuple[httpx.Response, list[httpx.Request]]:
    asked: list[httpx.Request] = []
    patient = client(*steps, asked=asked, urls=urls)
    answer = await patient.request(
        "order",
        "POST",
        "/orders",
        headers={},
        content=lambda: b"wish",
        **how,  # type: ignore[arg-type] # each test names what it is about
    )
    return answer, asked


@pytest.mark.parametrize(
    "first",
    [
        BUSY,
        httpx.Response(429, headers=AT_ONCE),
        httpx.ConnectError("refused"),
        httpx.ReadTimeout("no answer"),
        httpx.RemoteProtocolError("hung up"),
    ],
)
async def test_what_failed_for_now_is_sent_again_as_it_was(first: Step) -> None:
    answer, asked = await asking(first, DONE)

    assert answer.status_code == 202
    assert [request.content for request in asked] == [b"wish", b"wish"]


@pytest.mark.parametrize("status", [200, 202, 400, 404, 409, 422, 500])
async def test_any_other_answer_is_final(status: int) -> None:
    answer, asked = await asking(httpx.Response(status))

    assert (answer.status_code, len(asked)) == (status, 1)


async def test_an_answer_that_is_not_there_yet_is_waited_for() -> None:
    answer, asked = await asking(httpx.Response(409), DONE, not_yet={409})

    assert (answer.status_code, len(asked)) == (202, 2)


async def test_replicas_are_asked_in_turn() -> None:
    _, asked = await asking(BUSY, BUSY, DONE, urls=(ONE, TWO))

    assert [str(request.url) for request in asked] == [
        f"{ONE}/orders",
        f"{TWO}/orders",
        f"{ONE}/orders",
    ]


async def test_patience_ends_with_the_last_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "PATIENCE_S", 0.0)
    long = httpx.Response(503, headers={"Retry-After": "60"}, json={"detail": "too much"})

    with pytest.raises(NoAnswerError, match=r"order .*: too much\. .*shopctl status"):
        await asking(long)


async def test_too_much_for_one_is_a_pause_for_all() -> None:
    asked: list[httpx.Request] = []
    patient = client(httpx.Response(429, headers={"Retry-After": "20"}), asked=asked, urls=(ONE,))
    first = asyncio.create_task(patient.request("order", "GET", "/first", headers={}))
    await settled()
    second = asyncio.create_task(patient.request("order", "GET", "/second", headers={}))
    await settled()

    assert [request.url.path for request in asked] == ["/first"]
    first.cancel()
    second.cancel()


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (httpx.Response(422, json={"title": "No", "detail": "1 field"}), "1 field"),
        (httpx.Response(404, json={"title": "Not Found", "status": 404}), "Not Found"),
        (
            httpx.Response(
                422,
                json={
                    "title": "No",
                    "detail": "2 fields",
                    "errors": [{"field": "items[0].sku", "message": "is not in the catalogue"}],
                },
            ),
            "2 fields; items[0].sku is not in the catalogue",
        ),
        (httpx.Response(502, text="Bad Gateway"), "Bad Gateway"),
        (httpx.Response(500), "Internal Server Error"),
        (httpx.Response(500, json=["odd"]), '["odd"]'),
    ],
)
def test_a_refusal_is_in_the_shops_own_words(answer: httpx.Response, words: str) -> None:
    assert refusal(answer) == words
