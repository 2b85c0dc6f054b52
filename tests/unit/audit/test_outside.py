"""The provider's ledger and the mail sink, as their APIs answer."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from audit.reading import ledger, sink
from audit.reading.http import client as real_client
from audit.reading.http import find, get
from audit.rows import Mail
from audit.stack import StackError

Respond = Callable[[httpx.Request], httpx.Response]


def answering(respond: Respond) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url="http://there", transport=httpx.MockTransport(respond))


def movements(first: int, last: int) -> list[dict[str, Any]]:
    return [{"movement_id": number} for number in range(first, last + 1)]


async def read_ledger(respond: Respond) -> list[int]:
    async with answering(respond) as http:
        return [it["movement_id"] async for page in ledger.pages(http) for it in page]


async def test_a_ledger_is_read_by_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "PAGE", 3)

    def respond(request: httpx.Request) -> httpx.Response:
        after, limit = (int(request.url.params[name]) for name in ("after", "limit"))
        page = movements(after + 1, min(after + limit, 7))
        return httpx.Response(200, json={"movements": page})

    assert await read_ledger(respond) == [1, 2, 3, 4, 5, 6, 7]


@pytest.mark.parametrize("count", [0, 2, 3, 7])
async def test_a_ledger_without_pages_is_read_once(
    monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    monkeypatch.setattr(ledger, "PAGE", 3)
    everything = {"movements": movements(1, count)}
    assert await read_ledger(lambda _: httpx.Response(200, json=everything)) == [
        *range(1, count + 1)
    ]


async def test_the_sink_is_read_by_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sink, "PAGE", 2)

    def respond(request: httpx.Request) -> httpx.Response:
        start = int(request.url.params["start"])
        page = [{"ID": str(number)} for number in range(start, min(start + 2, 5))]
        return httpx.Response(200, json={"total": 5, "messages": page})

    async with answering(respond) as http:
        ids = [message["ID"] async for page in sink.pages(http) for message in page]
    assert ids == ["0", "1", "2", "3", "4"]


def test_a_mail_is_known_by_the_event_in_its_message_id() -> None:
    message = {"MessageID": "abc@shop.example", "To": [{"Name": "", "Address": "ada@example.com"}]}
    assert sink.row(message) == Mail("abc@shop.example", "abc", "ada@example.com")
    assert sink.row({"MessageID": "<abc@x>", "To": None}) == Mail("abc@x", "abc", "")


async def test_an_error_is_no_answer_where_one_is_needed() -> None:
    async with answering(lambda _: httpx.Response(500, text="oh")) as http:
        with pytest.raises(StackError, match="answers 500: oh"):
            await get(http, "/ledger")
        assert await find(http, "/orders/1") is None


async def test_who_does_not_answer_is_named() -> None:
    def respond(_: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    async with answering(respond) as http:
        with pytest.raises(StackError, match="http://there does not answer"):
            await get(http, "/ledger")


async def test_a_token_goes_along() -> None:
    async with real_client("http://there", "secret") as http:
        assert http.headers["Authorization"] == "Bearer secret"
