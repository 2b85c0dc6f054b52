"""What every event carries, and how it becomes bytes and comes back.

Encoding and decoding are the hottest code of the system (some 10 decodes and 4 encodes an order),
so both call pydantic-core directly, and no Python code runs for a field.
"""

from datetime import datetime
from typing import Annotated, Any, ClassVar, Self, TypedDict
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, GetCoreSchemaHandler, ValidationError
from pydantic_core import CoreSchema, core_schema

from shared.events.bad_payload import BadPayload, reason_of
from shared.events.topology import SUBJECTS


class _OffsetZero:
    """An annotation: a datetime at UTC, neither naive nor at another offset."""

    @classmethod
    def __get_pydantic_core_schema__(cls, _: type, __: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.datetime_schema(tz_constraint=0)


UtcDatetime = Annotated[datetime, _OffsetZero]
MAX_WHOLE = 2**63 - 1
"""What Postgres's bigint holds: a larger number is refused here, with its name."""
Cents = Annotated[int, Field(ge=0, le=MAX_WHOLE)]
"""An amount of money in minor units; the currency stands beside it."""
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
"""ISO 4217."""
Quantity = Annotated[int, Field(ge=1, le=MAX_WHOLE)]
_STATED = frozenset({"event_type", "version"})
"""Constructors fill these in; bytes have to state them."""


class EnvelopeFields(TypedDict):
    """The part of the envelope that tells where an event comes from."""

    event_id: UUID
    timestamp: datetime
    correlation_id: UUID
    causation_id: UUID | None


class Event(BaseModel):
    """A past fact, immutable. A field that a reader does not know is ignored (tolerant reader).

    Strict: a number in quotes or a float for an integer is a BadPayload, never a guess.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="ignore",
        strict=True,
        json_schema_serialization_defaults_required=True,  # we always write every field
    )

    subject: ClassVar[str]

    event_id: UUID
    event_type: str
    timestamp: UtcDatetime
    version: int
    correlation_id: UUID
    causation_id: UUID | None = None

    @classmethod
    def __pydantic_init_subclass__(cls, **_: Any) -> None:
        cls.subject = SUBJECTS[cls.__name__]  # KeyError: the topology does not know it

    def to_bytes(self) -> bytes:
        """Return the event as one flat JSON object."""
        return self.__pydantic_serializer__.to_json(self)

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read what `to_bytes` wrote; BadPayload if `data` is not this event."""
        try:
            event: Self = cls.__pydantic_validator__.validate_json(data)
        except ValidationError as error:
            raise BadPayload(reason_of(error)) from error
        if not event.__pydantic_fields_set__ >= _STATED:
            raise BadPayload("event_type or version: Field required")
        return event


def caused_by(cause: Event, *, event_id: UUID, at: datetime) -> EnvelopeFields:
    """Envelope of an event that follows from `cause`."""
    return continued(
        event_id=event_id,
        at=at,
        correlation_id=cause.correlation_id,
        causation_id=cause.event_id,
    )


def first_cause(*, event_id: UUID, at: datetime) -> EnvelopeFields:
    """Envelope of an event that nothing in the system caused: a customer wanted it."""
    return continued(event_id=event_id, at=at, correlation_id=event_id)


def continued(
    *, event_id: UUID, at: datetime, correlation_id: UUID, causation_id: UUID | None = None
) -> EnvelopeFields:
    """Envelope of an event in a known story, with no causing event at hand (timer, command)."""
    return {
        "event_id": event_id,
        "timestamp": at,
        "correlation_id": correlation_id,
        "causation_id": causation_id,
    }
