import pytest
from fastapi import FastAPI

from shared.http import auth, problems
from shared.http.auth import CUSTOMER as A_CUSTOMER
from shared.http.auth import OPERATOR as AN_OPERATOR
from shared.http.auth import AnyCaller, Operator, Tokens, caller_of
from shared.http.problems import Problem
from tests.unit.shared.http.asgi import CUSTOMER, OPERATOR, client_of

TOKENS = Tokens(customer=b"customer-token", operator=b"operator-token")


def an_app() -> FastAPI:
    app = FastAPI()
    problems.install(app)
    auth.install(app, TOKENS)

    @app.get("/orders")
    async def orders(caller: AnyCaller) -> str:
        return caller.role

    @app.put("/products")
    async def products(caller: Operator) -> str:
        return caller.role

    return app


@pytest.mark.parametrize(
    ("value", "caller"),
    [
        (b"Bearer customer-token", A_CUSTOMER),
        (b"bearer   operator-token ", AN_OPERATOR),
    ],
)
def test_a_token_tells_who_calls(value: bytes, caller: auth.Caller) -> None:
    assert caller_of([(b"host", b"shop"), (b"authorization", value)], TOKENS) == caller


@pytest.mark.parametrize(
    ("value", "challenge"),
    [
        (None, 'Bearer realm="shop"'),
        (b"Basic abc", 'Bearer realm="shop"'),
        (b"Bearer", 'Bearer realm="shop"'),
        (b"Bearer ", 'Bearer realm="shop", error="invalid_token"'),
        (b"Bearer customer-token2", 'Bearer realm="shop", error="invalid_token"'),
        (b"Bearer \xff\xfe", 'Bearer realm="shop", error="invalid_token"'),
    ],
)
def test_without_a_valid_token_the_answer_is_401_with_a_challenge(
    value: bytes | None, challenge: str
) -> None:
    headers = [] if value is None else [(b"authorization", value)]

    answer = caller_of(headers, TOKENS)

    assert isinstance(answer, Problem)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == challenge


async def test_the_dependency_answers_401_as_a_problem() -> None:
    async with client_of(an_app()) as client:
        answer = await client.get("/orders")

    assert answer.status_code == 401
    assert answer.headers["content-type"] == problems.MEDIA_TYPE
    assert "WWW-Authenticate" in answer.headers


async def test_customer_and_operator_may_enter_where_any_caller_may() -> None:
    async with client_of(an_app()) as client:
        roles = [(await client.get("/orders", headers=who)).json() for who in (CUSTOMER, OPERATOR)]

    assert roles == ["customer", "operator"]


async def test_a_customer_is_refused_where_operators_work() -> None:
    async with client_of(an_app()) as client:
        answers = [await client.put("/products", headers=who) for who in (CUSTOMER, OPERATOR, {})]

    assert [answer.status_code for answer in answers] == [403, 200, 401]
    assert answers[0].json()["detail"] == "this is for operators only"


def test_the_openapi_page_offers_the_token() -> None:
    schema = an_app().openapi()

    assert schema["components"]["securitySchemes"]["HTTPBearer"]["scheme"] == "bearer"
    assert schema["paths"]["/products"]["put"]["security"] == [{"HTTPBearer": []}]
