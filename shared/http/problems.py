"""Errors as problem details (RFC 9457), and the one table that says which error is which status."""

import json
from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

import orjson
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ExceptionHandler

from shared.errors import DependencyDown, Overloaded, TransientError

MEDIA_TYPE = "application/problem+json"
MAX_ERRORS = 20
MAX_FIELD = 100
MAX_MESSAGE = 200
RETRY_AFTER_S = 1

Fault = Mapping[str, Any]  # one entry of pydantic's `errors()`


class Problem(Response):
    """A ready answer; also what a plain function returns to say no."""

    media_type = MEDIA_TYPE


class Refusal(Exception):
    """Raised by dependencies, which cannot return an answer."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.status_code)
        self.problem = problem


class ProblemDetails(BaseModel):
    """The shape of every error, for the OpenAPI page."""

    title: str
    status: int
    detail: str | None = None
    errors: list[dict[str, str]] | None = None


# For `FastAPI(responses=...)`: without it the page claims FastAPI's own shape for 422.
RESPONSES: dict[int | str, dict[str, Any]] = {
    "4XX": {"description": "The request is at fault", "model": ProblemDetails},
    "5XX": {"description": "The service is at fault, or away", "model": ProblemDetails},
}


def problem(
    status: int,
    title: str | None = None,
    detail: str | None = None,
    *,
    errors: Sequence[Mapping[str, str]] | None = None,
    headers: Mapping[str, str] | None = None,
    **extra: object,
) -> Problem:
    """Return the answer; `title` is the status's own phrase if it is not given."""
    body: dict[str, object] = {"title": title or HTTPStatus(status).phrase, "status": status}
    if detail is not None:
        body["detail"] = detail
    if errors is not None:
        body["errors"] = errors
    return Problem(_to_json({**body, **extra}), status, headers)


def from_validation(error: ValidationError) -> Problem:
    """Return 400 for broken JSON with its position, 422 with each field otherwise.

    For routes that parse the body themselves, by `model_validate_json`.
    """
    faults = error.errors(include_url=False, include_input=False)
    if faults[0]["type"] == "json_invalid":
        return _broken_json(str(faults[0]["ctx"]["error"]))
    return _invalid([(fault["loc"], fault) for fault in faults])


def unavailable(detail: str, *, retry_after_s: int = RETRY_AFTER_S) -> Problem:
    return problem(503, detail=detail, headers={"Retry-After": str(retry_after_s)})


def too_much_waits(*, retry_after_s: int = RETRY_AFTER_S) -> Problem:
    return unavailable("too much work is waiting", retry_after_s=retry_after_s)


def install(app: FastAPI, table: Mapping[type[Exception], int] | None = None) -> None:
    """Render every error of `app` as a problem, those of `table` with its status."""
    handlers: dict[type[Exception], ExceptionHandler] = {
        Refusal: _refused,
        RequestValidationError: _request_invalid,
        HTTPException: _http_error,
        DependencyDown: _dependency_down,
        Overloaded: _overloaded,
        TransientError: _transient,
        Exception: _unknown,
    }
    for error_type, handler in handlers.items():
        app.add_exception_handler(error_type, handler)
    register(app, table or {})


def register(app: FastAPI, table: Mapping[type[Exception], int]) -> None:
    """Add a service's own errors; the detail is the error's text."""

    def handler(status: int) -> ExceptionHandler:
        async def render(_request: Request, error: Exception) -> Response:
            return problem(status, detail=str(error))

        return render

    for error_type, status in table.items():
        app.add_exception_handler(error_type, handler(status))


def _to_json(body: Mapping[str, object]) -> bytes:
    try:
        return orjson.dumps(body)
    except orjson.JSONEncodeError:  # a lone surrogate from the input, in a name or a text
        return json.dumps(body).encode()


async def _refused(_request: Request, error: Exception) -> Response:
    assert isinstance(error, Refusal)  # noqa: S101 - narrows what the registration guarantees
    return error.problem


async def _request_invalid(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - as above
    faults = error.errors()
    if faults[0]["type"] == "json_invalid":
        fault = faults[0]
        return _broken_json(f"{fault['ctx']['error']} at position {fault['loc'][-1]}")
    return _invalid([(fault["loc"][1:] or fault["loc"], fault) for fault in faults])


async def _http_error(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - as above
    if error.status_code < 200 or error.status_code in (204, 205, 304):
        return Response(status_code=error.status_code, headers=error.headers)
    phrase = HTTPStatus(error.status_code).phrase
    detail = None if error.detail == phrase else str(error.detail)
    return problem(error.status_code, phrase, detail, headers=error.headers)


async def _dependency_down(_request: Request, error: Exception) -> Response:
    assert isinstance(error, DependencyDown)  # noqa: S101 - as above
    return unavailable(f"{error.name} is not available")  # the driver's words stay inside


async def _overloaded(_request: Request, error: Exception) -> Response:
    assert isinstance(error, Overloaded)  # noqa: S101 - as above
    return too_much_waits(retry_after_s=error.retry_after_s)


async def _transient(_request: Request, _error: Exception) -> Response:
    return unavailable("this did not work now and may work later")


async def _unknown(_request: Request, _error: Exception) -> Response:
    return problem(500)


def _broken_json(reason: str) -> Problem:
    return problem(400, detail=f"the body is not JSON: {reason[:MAX_MESSAGE]}")


def _invalid(faults: Sequence[tuple[Iterable[str | int], Fault]]) -> Problem:
    errors = [
        {"field": _path(loc), "message": _message(fault)} for loc, fault in faults[:MAX_ERRORS]
    ]
    count = len(faults)
    detail = f"{count} field{'' if count == 1 else 's'} of the request cannot be accepted"
    return problem(422, detail=detail, errors=errors, error_count=count)


def _path(loc: Iterable[str | int]) -> str:
    """Return `items[3].quantity` for ("items", 3, "quantity"), and "body" for the whole."""
    path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in loc)
    return _shortened(path.removeprefix(".") or "body", MAX_FIELD)


def _message(fault: Fault) -> str:
    match fault["type"]:
        case "missing":
            return "is required"
        case "extra_forbidden":
            return "is not a known field"
        case _:
            message = str(fault["msg"])
            for prefix in ("Value error, ", "Assertion failed, ", "Input "):
                message = message.removeprefix(prefix)
            return _shortened(message, MAX_MESSAGE)


def _shortened(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
