"""Logs: fixed event names with fields, one line each, on stdout.

`log = structlog.get_logger(__name__)` anywhere; `log.info("order.placed", order_id=...)`. The
standard library's logging (uvicorn, FastStream, …) comes out in the same form.
"""

import logging
import sys
from collections.abc import MutableMapping
from contextvars import ContextVar
from typing import Any, Literal, TextIO
from uuid import UUID

import orjson
import structlog
from structlog.typing import EventDict, Processor

Fields = dict[str, UUID | str | None]

_bound: ContextVar[Fields] = ContextVar("shop_log_fields")

QUIET = ("httpx", "httpcore", "aiosmtplib", "nats", "uvicorn.access")  # a line for each request


def bind(**fields: UUID | str | None) -> None:
    """Put `order_id`, `correlation_id`, … into every log line of this task from now on.

    structlog's own `bound_contextvars` does the same for 4 µs instead of 0.6, and every event and
    every request comes through here.
    """
    bound = _bound.get(None)
    _bound.set({**bound, **fields} if bound else fields)


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
        if value is not None:
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
