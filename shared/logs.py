"""Logs: fixed event names with fields, one line each, on stdout.

`log = structlog.get_logger(__name__)` anywhere; `log.info("order.placed", order_id=...)`. The
standard library's logging (uvicorn, FastStream, …) comes out in the same form.
"""

import logging
import sys
from collections.abc import MutableMapping
from contextvars import ContextVar, Token
from types import TracebackType
from typing import Any, Literal, TextIO
from uuid import UUID

import orjson
import structlog
from structlog.typing import EventDict, Processor

Fields = dict[str, UUID | str]

_bound: ContextVar[Fields] = ContextVar("shop_log_fields")

QUIET = ("httpx", "httpcore", "aiosmtplib", "nats", "uvicorn.access")  # a line for each request


class Bound:
    """What `bind` returns; as a context manager it takes the fields back at the end."""

    __slots__ = ("_token",)

    def __init__(self, token: Token[Fields]) -> None:
        self._token = token

    def __enter__(self) -> None:
        pass

    def __exit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        _bound.reset(self._token)


def bind(**fields: UUID | str | None) -> Bound:
    """Put `order_id`, `correlation_id`, … into every log line of this task from now on.

    structlog's own `bound_contextvars` does the same for 4 µs instead of 0.8, and every event and
    every request comes through here.
    """
    known = {name: value for name, value in fields.items() if value is not None}
    return Bound(_bound.set({**_bound.get({}), **known}))


def configure(
    service: str,
    *,
    level: str = "INFO",
    form: Literal["json", "console"] = "json",
    stream: TextIO | None = None,
) -> None:
    """Send structlog's and the standard library's logs to `stream` (stdout)."""
    out = stream or sys.stdout
    threshold = logging.getLevelNamesMapping()[level]
    shared = _shared_processors(service)
    render = _renderers(form, colours=out.isatty())
    structlog.configure(
        processors=[*shared, *render],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=structlog.WriteLoggerFactory(file=out),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *render],
        )
    )
    _take_over_standard_logging(handler, threshold)


def _shared_processors(service: str) -> list[Processor]:
    def add_service(_logger: Any, _method: str, event: EventDict) -> EventDict:
        event["service"] = service
        return event

    return [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        add_service,
        _add_bound,
    ]


def _add_bound(_logger: Any, _method: str, event: EventDict) -> MutableMapping[str, Any]:
    for name, value in _bound.get({}).items():
        event.setdefault(name, str(value))
    return event


def _renderers(form: Literal["json", "console"], *, colours: bool) -> list[Processor]:
    if form == "console":
        plain = structlog.dev.plain_traceback  # the pretty one shows locals, and so secrets
        return [structlog.dev.ConsoleRenderer(colors=colours, exception_formatter=plain)]
    return [
        structlog.processors.format_exc_info,
        structlog.processors.JSONRenderer(serializer=_to_json),
    ]


def _to_json(event: EventDict, **_: Any) -> str:
    return orjson.dumps(event, default=str).decode()


def _take_over_standard_logging(handler: logging.Handler, threshold: int) -> None:
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(threshold)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
    for name in QUIET:
        logging.getLogger(name).setLevel(max(threshold, logging.WARNING))
