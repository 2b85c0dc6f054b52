"""Who is calling: a customer or an operator, by one of two static bearer tokens."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from hmac import compare_digest
from typing import Annotated

from fastapi import Depends, FastAPI, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from shared.http.problems import Problem, Refusal, problem
from shared.settings import ServiceSettings

CHALLENGE = 'Bearer realm="shop"'
SCHEME = b"bearer "

# Only for the OpenAPI page; the token is read by `caller_of`.
_documented = HTTPBearer(auto_error=False, description="The customer's or the operator's token.")


class Role(StrEnum):
    CUSTOMER = "customer"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True)
class Caller:
    role: Role

    @property
    def is_operator(self) -> bool:
        return self.role is Role.OPERATOR


CUSTOMER = Caller(Role.CUSTOMER)
OPERATOR = Caller(Role.OPERATOR)


@dataclass(frozen=True, slots=True)
class Tokens:
    customer: bytes
    operator: bytes

    @classmethod
    def of(cls, settings: ServiceSettings) -> "Tokens":
        return cls(
            customer=settings.customer_token.get_secret_value().encode(),
            operator=settings.operator_token.get_secret_value().encode(),
        )


def install(app: FastAPI, tokens: Tokens) -> None:
    """Let the dependencies below know the tokens."""
    app.state.tokens = tokens


def caller_of(headers: Iterable[tuple[bytes, bytes]], tokens: Tokens) -> Caller | Problem:
    """Return who calls, or the 401 to answer; `headers` as in the ASGI scope."""
    for name, value in headers:
        if name == b"authorization":
            return caller_with(value, tokens)
    return caller_with(None, tokens)


def caller_with(authorization: bytes | None, tokens: Tokens) -> Caller | Problem:
    """Return who calls with this header, or the 401 to answer."""
    if authorization is None or authorization[: len(SCHEME)].lower() != SCHEME:
        return _unauthorized("a bearer token is required", CHALLENGE)
    token = authorization[len(SCHEME) :].strip()
    # Both are compared, always: the time tells nothing.
    is_customer = compare_digest(token, tokens.customer)
    is_operator = compare_digest(token, tokens.operator)
    if is_operator:
        return OPERATOR
    if is_customer:
        return CUSTOMER
    return _unauthorized("the token is not valid", f'{CHALLENGE}, error="invalid_token"')


async def caller(
    request: Request, _: Annotated[HTTPAuthorizationCredentials | None, Security(_documented)]
) -> Caller:
    """FastAPI dependency: a customer or an operator, else 401."""
    found = caller_of(request.scope["headers"], request.app.state.tokens)
    if isinstance(found, Problem):
        raise Refusal(found)
    return found


async def operator_only(found: Annotated[Caller, Depends(caller)]) -> Caller:
    """FastAPI dependency: an operator, else 401 or 403."""
    if not found.is_operator:
        raise Refusal(problem(403, detail="this is for operators only"))
    return found


AnyCaller = Annotated[Caller, Depends(caller)]
Operator = Annotated[Caller, Depends(operator_only)]


def _unauthorized(detail: str, challenge: str) -> Problem:
    return problem(401, detail=detail, headers={"WWW-Authenticate": challenge})
