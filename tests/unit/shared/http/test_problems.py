import json
from typing import Annotated, Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI, HTTPException, Query
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from starlette.responses import Response

from shared.errors import DependencyDown, Overloaded, PermanentError, TransientError
from shared.http import problems
from tests.unit.shared.http.asgi import client_of


class Line(BaseModel):
    model_config = ConfigDict(extra="forbid")
    sku: str
    quantity: int = Field(ge=1)

    @field_validator("sku")
    @classmethod
    def _known_form(cls, sku: str) -> str:
        if sku == "":
            raise ValueError("must not be empty")
        return sku


class Basket(BaseModel):
    model_config = ConfigDict(extra="forbid")
    items: list[Line] = Field(max_length=2000)


class NoSuchThing(Exception):
    pass


def an_app() -> FastAPI:
    app = FastAPI(responses=problems.RESPONSES)
    problems.install(app)
    problems.register(app, {NoSuchThing: 404})

    @app.post("/baskets")
    async def post(basket: Basket) -> int:
        return len(basket.items)

    @app.get("/things/{thing_id}")
    async def get(thing_id: UUID, limit: Annotated[int, Query(le=100)] = 10) -> int:
        raise NoSuchThing(f"there is no thing {thing_id}")

    return app


def raising(error: Exception) -> FastAPI:
    app = an_app()

    @app.get("/fails")
    async def fails() -> None:
        raise error

    return app


async def answer_to(error: Exception) -> httpx.Response:
    async with client_of(raising(error)) as client:
        return await client.get("/fails")


def body_of(response: Response) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(bytes(response.body))
    return body


def refused(body: str | bytes) -> tuple[int, dict[str, Any]]:
    """Both ways of parsing a body must say the same; this is the one of hand-written routes."""
    with pytest.raises(ValidationError) as caught:
        Basket.model_validate_json(body)
    response = problems.from_validation(caught.value)
    return response.status_code, body_of(response)


async def posted(body: str | bytes) -> tuple[int, dict[str, Any]]:
    async with client_of(an_app()) as client:
        headers = {"Content-Type": "application/json"}
        answer = await client.post("/baskets", content=body, headers=headers)
    assert answer.headers["content-type"] == problems.MEDIA_TYPE
    return answer.status_code, answer.json()


FAULTS = [
    ({"items": [{"sku": "A", "quantity": 0}]}, "items[0].quantity", "greater than or equal to 1"),
    ({"items": [{"sku": "A", "quantity": 1}, {"sku": "A"}]}, "items[1].quantity", "is required"),
    ({"items": [{"sku": "", "quantity": 1}]}, "items[0].sku", "must not be empty"),
    ({"items": [{"sku": 7, "quantity": 1}]}, "items[0].sku", "valid string"),
    ({"items": [], "colour": "red"}, "colour", "is not a known field"),
    ({"items": [{"sku": "A", "quantity": 1}] * 2001}, "items", "at most 2000 items"),
    ([], "body", "object"),
]


@pytest.mark.parametrize(("body", "field", "words"), FAULTS)
async def test_each_fault_names_its_field_and_says_why(
    body: object, field: str, words: str
) -> None:
    for status, answer in (refused(json.dumps(body)), await posted(json.dumps(body))):
        assert status == answer["status"] == 422
        assert answer["errors"][0]["field"] == field
        assert words in answer["errors"][0]["message"]
        assert "1 field of the request" in answer["detail"]


async def test_broken_json_is_400_with_its_position() -> None:
    status, answer = refused('{"items": [,]}')
    assert (status, answer["title"]) == (400, "Bad Request")
    assert "line 1 column 12" in answer["detail"]

    status, answer = await posted('{"items": [,]}')
    assert status == 400
    assert "position 11" in answer["detail"]


@pytest.mark.parametrize("body", [b'{"items": "\xff"}', b"[" * 100_000])
async def test_bytes_that_are_no_json_are_400_too(body: bytes) -> None:
    assert refused(body)[0] == 400
    assert (await posted(body))[0] == 400


def test_no_more_than_twenty_faults_are_listed_but_all_are_counted() -> None:
    _, answer = refused(json.dumps({"items": [{"sku": "A", "quantity": 0}] * 300}))

    assert len(answer["errors"]) == 20
    assert answer["error_count"] == 300
    assert answer["detail"].startswith("300 fields")


async def test_input_is_not_echoed_at_length() -> None:
    long = {"items": [], "x" * 100_000: "y" * 100_000}

    for _, answer in (refused(json.dumps(long)), await posted(json.dumps(long))):
        assert len(json.dumps(answer)) < 1000


async def test_a_name_that_is_no_unicode_is_still_answered() -> None:
    status, answer = await posted(r'{"items": [], "\ud800": 1}')

    assert (status, len(answer["errors"])) == (422, 1)


def test_a_text_that_is_no_unicode_is_still_answered() -> None:
    assert body_of(problems.problem(404, detail="\ud800"))["detail"] == "\ud800"


async def test_path_and_query_are_named_without_their_place() -> None:
    async with client_of(an_app()) as client:
        answer = await client.get("/things/17?limit=1000")

    assert [error["field"] for error in answer.json()["errors"]] == ["thing_id", "limit"]


async def test_a_registered_domain_error_has_its_status_and_its_words() -> None:
    answer = await answer_to(NoSuchThing("there is no thing 5"))

    assert answer.status_code == 404
    assert answer.json() == {"title": "Not Found", "status": 404, "detail": "there is no thing 5"}


@pytest.mark.parametrize(
    ("error", "retry_after"),
    [
        (DependencyDown("postgres", "password of shop refused"), "1"),
        (Overloaded("group commit", retry_after_s=3), "3"),
        (TransientError("try again"), "1"),
    ],
)
async def test_what_passes_by_itself_is_503_with_retry_after(
    error: Exception, retry_after: str
) -> None:
    answer = await answer_to(error)

    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == retry_after
    assert "password" not in answer.text


@pytest.mark.parametrize("error", [KeyError("secret"), PermanentError("secret")])
async def test_an_unknown_error_is_500_and_tells_nothing(error: Exception) -> None:
    answer = await answer_to(error)

    assert answer.json() == {"title": "Internal Server Error", "status": 500}


async def test_http_errors_keep_their_headers() -> None:
    answer = await answer_to(HTTPException(429, "slower", headers={"Retry-After": "7"}))

    assert answer.json() == {"title": "Too Many Requests", "status": 429, "detail": "slower"}
    assert answer.headers["Retry-After"] == "7"


async def test_not_found_and_wrong_method_are_problems() -> None:
    async with client_of(an_app()) as client:
        missing, wrong = await client.get("/nowhere"), await client.get("/baskets")

    assert missing.json() == {"title": "Not Found", "status": 404}
    assert wrong.json() == {"title": "Method Not Allowed", "status": 405}
    assert wrong.headers["Allow"] == "POST"


async def test_an_error_without_a_body_has_none() -> None:
    answer = await answer_to(HTTPException(304))

    assert (answer.status_code, answer.content) == (304, b"")


def test_the_openapi_page_shows_problems_and_not_fastapis_own_shape() -> None:
    schema = an_app().openapi()

    assert "HTTPValidationError" not in schema["components"]["schemas"]
    assert set(schema["paths"]["/baskets"]["post"]["responses"]) == {"200", "4XX", "5XX"}


def test_further_members_stand_beside_the_standard_ones() -> None:
    answer = problems.problem(409, "Conflict", "already shipped", order_id="7")

    assert body_of(answer) == {
        "title": "Conflict",
        "status": 409,
        "detail": "already shipped",
        "order_id": "7",
    }
