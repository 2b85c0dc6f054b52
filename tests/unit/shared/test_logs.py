import asyncio
import io
import json
import logging
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
import structlog

from shared import logs
from shared.logs import bind

ORDER = UUID("0198c0de-0000-7000-8000-000000000001")


@pytest.fixture
def out() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    before = (list(root.handlers), root.level)
    stream = io.StringIO()
    logs.configure("order", stream=stream)
    yield stream
    root.handlers[:], root.level = before
    structlog.reset_defaults()


def lines(out: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_a_line_is_json_with_event_level_time_and_service(out: io.StringIO) -> None:
    structlog.get_logger("x").info("order.placed", order_id=ORDER)

    (line,) = lines(out)
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "order.placed",
        "level": "info",
        "service": "order",
        "order_id": str(ORDER),
    }


def test_the_standard_librarys_logging_comes_out_in_the_same_form(out: io.StringIO) -> None:
    logging.getLogger("uvicorn.error").warning("port %d is taken", 80)

    (line,) = lines(out)
    assert line["event"] == "port 80 is taken"
    assert line["logger"] == "uvicorn.error"
    assert (line["level"], line["service"]) == ("warning", "order")


async def test_what_is_bound_is_in_every_line_from_then_on(out: io.StringIO) -> None:
    log = structlog.get_logger("x")
    log.info("before")
    bind(order_id=ORDER, correlation_id=None)
    logging.getLogger("library").info("bound")
    bind(correlation_id=ORDER)
    log.info("bound further")

    before, library, further = lines(out)
    assert "order_id" not in before
    assert library["order_id"] == further["order_id"] == str(ORDER)
    assert "correlation_id" not in library
    assert further["correlation_id"] == str(ORDER)


async def test_what_one_task_binds_no_other_sees(out: io.StringIO) -> None:
    async def request(order_id: str) -> None:
        bind(order_id=order_id)
        await asyncio.sleep(0)
        structlog.get_logger("x").info("done", expected=order_id)

    await asyncio.gather(request("1"), request("2"))

    assert [line["order_id"] for line in lines(out)] == ["1", "2"]


def test_an_error_has_its_traceback_without_the_locals(out: io.StringIO) -> None:
    token = "hush"
    try:
        raise KeyError(len(token))
    except KeyError:
        structlog.get_logger("x").exception("failed")
        logging.getLogger("library").exception("failed too")

    assert "hush" not in out.getvalue().replace('token = "hush"', "")
    assert all("Traceback" in line["exception"] for line in lines(out))


def test_what_is_below_the_level_and_what_is_said_for_each_request_is_left_out(
    out: io.StringIO,
) -> None:
    structlog.get_logger("x").debug("detail")
    logging.getLogger("library").debug("detail")
    logging.getLogger("httpx").info("HTTP Request: POST /charges")

    assert out.getvalue() == ""


def test_for_eyes_it_is_a_plain_line(out: io.StringIO) -> None:
    logs.configure("order", form="console", stream=out)
    structlog.get_logger("x").info("order.placed", order_id="7")

    assert "order.placed" in out.getvalue()
    assert "order_id=7" in out.getvalue()
    assert not out.getvalue().startswith("{")
