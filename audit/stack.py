"""Where everything is: the local stack's file, as the contract describes it."""

from pathlib import Path

from pydantic import BaseModel, ValidationError

CHECKOUT = Path(__file__).resolve().parents[1]
DEFAULT = CHECKOUT / ".run" / "stack.json"


class StackError(Exception):
    """The stack is not up, or a part of it does not answer: there is nothing to audit."""


class Service(BaseModel):
    url: str


class Mail(BaseModel):
    url: str | None = None  # None: somebody else's server; what it received is not ours to see


class Nats(BaseModel):
    url: str


class Provider(BaseModel):
    url: str


class Postgres(BaseModel):
    databases: dict[str, str]


class Tokens(BaseModel):
    customer: str
    operator: str


class Stack(BaseModel):
    """The parts of `stack.json` that the audit reads."""

    services: dict[str, Service]
    provider: Provider
    mail: Mail
    nats: Nats
    postgres: Postgres
    tokens: Tokens

    @classmethod
    def read(cls, path: Path) -> "Stack":
        """Raises StackError."""
        try:
            return cls.model_validate_json(path.read_bytes())
        except FileNotFoundError:
            raise StackError(f"no stack is up: there is no {path}") from None
        except (OSError, ValidationError) as error:
            raise StackError(f"{path} is not a stack's file: {error}") from error
