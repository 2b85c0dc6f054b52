"""HTTP as values: a handler takes a `Request` and returns an `Answer` that also says how it leaves.

Handlers are plain functions: nothing here waits for anything but the clock, and that the answer
declares (`after_s`, `hang_up`) and the connection does.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, TypeVar
from urllib.parse import parse_qsl

import orjson
from pydantic import BaseModel, ValidationError

M = TypeVar("M", bound=BaseModel)


@dataclass(slots=True)
class Request:
    """`headers` by lower-case name; `params` are the parts of the path that its route names."""

    method: str
    path: str
    query: str
    headers: dict[bytes, bytes]
    body: bytes
    params: dict[str, str] = field(default_factory=dict)

    def header(self, name: bytes) -> str:
        return self.headers.get(name, b"").decode("latin-1").strip()

    def queried(self, name: str) -> str:
        return dict(parse_qsl(self.query)).get(name, "")

    def number(self, name: str, *, default: int) -> int:
        """Return the query's whole number, or the default where there is none."""
        text = self.queried(name)
        return int(text) if text.isascii() and text.isdigit() else default

    def parsed(self, model: type[M]) -> M:
        """Return the body as the model says, or refuse: 400 if it is no JSON, 422 with reasons."""
        try:
            return model.model_validate_json(self.body)
        except ValidationError as error:
            raise Refusal(_explained(error)) from error


@dataclass(frozen=True, slots=True)
class Answer:
    """`body` may be chunks, made as fast as the client reads them.

    It leaves `after_s` seconds late; with `hang_up` the connection ends there, unanswered.
    """

    status: int
    body: bytes | Iterator[bytes]
    content_type: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()
    after_s: float = 0.0
    hang_up: bool = False


Handler = Callable[[Request], Answer]
Route = tuple[str, str, Handler]


class Refusal(Exception):
    """The request ends here, with this answer."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


def answered(status: int, content: Any) -> Answer:
    return Answer(status, orjson.dumps(content))


def problem(
    status: int, detail: str, *, headers: tuple[tuple[str, str], ...] = (), **more: Any
) -> Answer:
    """Return problem details (RFC 9457)."""
    content = {"title": HTTPStatus(status).phrase, "status": status, "detail": detail, **more}
    return Answer(status, orjson.dumps(content), "application/problem+json", headers)


def refusing(handle: Handler) -> Handler:
    """Return the handler with its refusals as answers."""

    def handled(request: Request) -> Answer:
        try:
            return handle(request)
        except Refusal as refusal:
            return refusal.answer

    return handled


def _explained(error: ValidationError) -> Answer:
    first = error.errors(include_url=False, include_context=False)
    if first[0]["type"] == "json_invalid":
        return problem(400, first[0]["msg"])
    errors = [
        {"field": ".".join(map(str, fault["loc"])), "message": fault["msg"]} for fault in first
    ]
    return problem(422, f"{errors[0]['field']}: {errors[0]['message']}", errors=errors)


class Routes:
    """Find the handler: paths as they stand first, then those with `{names}` in them."""

    def __init__(self, *routes: Route) -> None:
        self._exact = {(method, path): refusing(handle) for method, path, handle in routes}
        self._patterns = [
            (method, re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path)), refusing(handle))
            for method, path, handle in routes
            if "{" in path
        ]

    def __call__(self, request: Request) -> Answer:
        handle = self._exact.get((request.method, request.path)) or self._named(request)
        if handle is None:
            return problem(404, f"no {request.method} {request.path} here")
        return handle(request)

    def _named(self, request: Request) -> Handler | None:
        for method, pattern, handle in self._patterns:
            match = pattern.fullmatch(request.path)
            if match and method == request.method:
                request.params = match.groupdict()
                return handle
        return None
