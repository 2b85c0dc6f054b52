"""Typed settings from the environment: `SHOP_…`, all of them declared, each with its unit.

A service subclasses ServiceSettings and names its own fields `<service>_…`; the variable is
`SHOP_` and the field's name in capitals.
"""

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import Annotated, Literal, Self, TypeVar, get_args

from pydantic import AfterValidator, Field, SecretStr, ValidationError, model_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.events.topology import EVENTS_KEPT, GROUPS

PREFIX = "SHOP_"
EXIT_WRONG_SETTINGS = 2
DAY_S = 24 * 3600


def _printable(token: SecretStr) -> SecretStr:
    value = token.get_secret_value()
    if not value or not all("!" <= sign <= "~" for sign in value):
        raise ValueError("must be printable ASCII, without spaces")
    return token


Token = Annotated[SecretStr, AfterValidator(_printable)]


class ServiceSettings(BaseSettings):
    """What every service needs."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_ignore_empty=True,  # compose files write `${NAME:-}`
        enable_decoding=False,  # a wrong value is a ValidationError, never a SettingsError
        extra="forbid",
        frozen=True,
    )

    database_url: str = Field(
        repr=False,
        pattern=r"^postgres(ql)?://",
        description="The service's own database, `postgresql://user:password@host:port/name`.",
    )
    nats_url: str = Field(
        "nats://127.0.0.1:4222",
        pattern=r"^(nats|tls)://",
        description="NATS with JetStream; several servers with commas between.",
    )
    redis_url: str = Field(
        "redis://127.0.0.1:6379/0",
        repr=False,
        pattern=r"^(rediss?|unix)://",
        description="Redis; everything stays right without it.",
    )
    http_host: str = Field("127.0.0.1", description="Address that HTTP listens on.")
    http_port: int = Field(8000, ge=0, le=65535, description="Port that HTTP listens on.")
    http_in_flight: int = Field(
        512, ge=1, description="Requests that a process works on at once; beyond it 503."
    )
    customer_token: Token = Field(description="Bearer token of those who buy.")
    operator_token: Token = Field(description="Bearer token of those who run the shop.")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="Least level that is logged."
    )
    log_format: Literal["json", "console"] = Field(
        "json", description="One JSON object a line, or lines for eyes."
    )
    otlp_endpoint: str | None = Field(
        None,
        pattern=r"^https?://.*[^/]$",
        description="OpenTelemetry collector, `http://host:4318`; tracing is off without it.",
    )
    max_body_bytes: int = Field(
        262_144, ge=1024, description="Largest request body, bytes; beyond it 413."
    )
    consumer_workers: int = Field(
        128, ge=1, le=1024, description="Messages in hand at once, for each subscription."
    )
    max_deliveries: int = Field(
        8, ge=1, description="Deliveries of one event before it becomes a dead letter."
    )
    drain_s: float = Field(
        5.0,
        gt=0,
        allow_inf_nan=False,
        description="Longest time from SIGTERM to the end of the work in hand, seconds.",
    )
    group_limit: int = Field(256, ge=1, description="Members of one group commit, at the most.")
    group_queue: int = Field(
        2048, ge=1, description="Work that may wait for a group commit; beyond it 503."
    )
    outbox_keep_s: int = Field(
        3600, ge=0, description="Time that published outbox rows are kept, seconds."
    )
    inbox_keep_s: int = Field(
        35 * DAY_S,
        gt=EVENTS_KEPT.total_seconds(),
        description="Time that inbox rows are kept, seconds; longer than streams and dead letters.",
    )
    seen_ttl_s: int = Field(
        60,  # in five minutes, 900 orders a second would fill Redis: 60 bytes an event heard
        ge=60,
        description="Time that Redis remembers a handled event, seconds; longer than redelivery.",
    )
    database_pool_size: int = Field(
        5, ge=1, description="Connections for reads; group commits have their own."
    )

    @model_validator(mode="after")
    def _two_tokens(self) -> Self:
        tokens = (self.customer_token, self.operator_token)
        if tokens[0].get_secret_value() == tokens[1].get_secret_value():
            raise ValueError("SHOP_OPERATOR_TOKEN is the same as SHOP_CUSTOMER_TOKEN")
        return self


Settings = TypeVar("Settings", bound=BaseSettings)


def load(settings_class: type[Settings]) -> Settings:
    """Return the settings, or name each unknown or wrong variable on stderr and exit with 2."""
    refusals = [f"{name} is not a setting" for name in _unknown(settings_class, os.environ)]
    settings = None
    try:
        settings = settings_class()
    except ValidationError as error:
        refusals += _wrong(settings_class, error)
    if settings is None or refusals:
        sys.stderr.writelines(f"{line}\n" for line in refusals)
        raise SystemExit(EXIT_WRONG_SETTINGS)
    return settings


def reference(classes: Sequence[type[BaseSettings]]) -> str:
    """Return the page of all settings, Markdown: one section a class, inherited fields once,
    and again where a class has another default."""
    return "\n".join(["# Settings", "", *_sections(classes)])


def _unknown(settings_class: type[BaseSettings], environment: Iterable[str]) -> list[str]:
    declared = {_variable(name) for name in settings_class.model_fields}
    others = tuple(
        prefix
        for prefix in (f"{PREFIX}{group.upper()}_" for group in GROUPS)
        if not any(name.startswith(prefix) for name in declared)
    )
    ours = sorted(name for name in environment if name.upper().startswith(PREFIX))
    return [
        name
        for name in ours
        if name.upper() not in declared and not name.upper().startswith(others)
    ]


def _wrong(settings_class: type[BaseSettings], error: ValidationError) -> Iterator[str]:
    """One line for each fault, without the value: it may be a secret."""
    for fault in error.errors(include_url=False, include_input=False, include_context=False):
        message = fault["msg"].removeprefix("Value error, ").replace("Input should", "should")
        if not fault["loc"]:
            yield message
            continue
        name = str(fault["loc"][0])
        if fault["type"] == "missing":
            message = f"is not set: {settings_class.model_fields[name].description}"
        yield f"{_variable(name)} {message}"


def _sections(classes: Sequence[type[BaseSettings]]) -> Iterator[str]:
    told: dict[str, object] = {}
    for settings_class in classes:
        own = {
            name: field
            for name, field in settings_class.model_fields.items()
            if name not in told or told[name] != field.default
        }
        told = {**{name: field.default for name, field in own.items()}, **told}
        yield f"## {settings_class.__name__}"
        yield ""
        if settings_class.__doc__:
            yield from (settings_class.__doc__.strip(), "")
        yield "| variable | values | default | meaning |"
        yield "|---|---|---|---|"
        yield from (_row(name, field) for name, field in own.items())
        yield ""


def _row(name: str, field: FieldInfo) -> str:
    default = "*required*" if field.is_required() else f"`{field.default}`"
    if field.default is None:
        default = "none"
    return f"| `{_variable(name)}` | {_values(field)} | {default} | {field.description} |"


def _values(field: FieldInfo) -> str:
    kinds = {int: "whole number", float: "number", bool: "true, false", SecretStr: "secret"}
    if choices := [c for c in get_args(field.annotation) if isinstance(c, str)]:
        return ", ".join(f"`{choice}`" for choice in choices)
    return kinds.get(field.annotation, "text")  # type: ignore[arg-type] # None is "text" too


def _variable(name: str) -> str:
    return PREFIX + name.upper()
