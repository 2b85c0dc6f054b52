"""What every event carries, and how it becomes bytes and comes back.

Encoding and decoding are the hottest code of the system (some 10 decodes and 4 encodes an order),
so msgspec does both, and no Python code runs for a field (docs/adr/0022-events-by-msgspec.md). What
it refuses is read once more, by the model that is published, which names every fault.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from typing import Annotated, Any, ClassVar, Self, TypedDict
from uuid import UUID

from msgspec import DecodeError, Meta, Struct
from msgspec.json import Decoder, Encoder
from msgspec.structs import fields
from pydantic import Field, GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

from shared.events.bad_payload import BadPayload
from shared.events.published import reason_against
from shared.events.topology import SUBJECTS


class _OffsetZero:
    """An annotation: a datetime at UTC, neither naive nor at another offset."""

    @classmethod
    def __get_pydantic_core_schema__(cls, _: type, __: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.datetime_schema(tz_constraint=0)


# Each bound stands twice: Meta is msgspec's, which reads; Field pydantic's, which says why not.
UtcDatetime = Annotated[datetime, _OffsetZero, Meta(tz=True)]
MAX_WHOLE = 2**63 - 1
"""What Postgres's bigint holds: a larger number is refused here, with its name."""
Count = Annotated[int, Field(ge=0, le=MAX_WHOLE), Meta(ge=0, le=MAX_WHOLE)]
Cents = Annotated[int, Field(ge=0, le=MAX_WHOLE), Meta(ge=0, le=MAX_WHOLE)]
"""An amount of money in minor units; the currency stands beside it."""
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$"), Meta(pattern=r"^[A-Z]{3}\Z")]
"""ISO 4217."""
Quantity = Annotated[int, Field(ge=1, le=MAX_WHOLE), Meta(ge=1, le=MAX_WHOLE)]


class EnvelopeFields(TypedDict):
    """The part of the envelope that tells where an event comes from."""

    event_id: UUID
    timestamp: datetime
    correlation_id: UUID
    causation_id: UUID | None


class _Stated(Struct):
    """What bytes have to state, while constructors fill it in."""

    event_type: str
    version: int


@cache
def _decoder(event_type: type[Struct]) -> Callable[[bytes], Any]:
    return Decoder(event_type).decode


@cache
def _times(event_type: type[Struct]) -> tuple[str, ...]:
    return tuple(it.name for it in fields(event_type) if it.type is UtcDatetime)


_encode = Encoder().encode
_read_stated = Decoder(_Stated).decode


class Event(Struct, frozen=True, kw_only=True):
    """A past fact, immutable. A field that a reader does not know is ignored (tolerant reader).

    Strict: a number in quotes or a float for an integer is a BadPayload, never a guess. Building
    an event checks nothing: mypy knows its types, and what a request or a file brings is checked
    at the edge.
    """

    subject: ClassVar[str]

    event_id: UUID
    event_type: str
    timestamp: UtcDatetime
    version: int
    correlation_id: UUID
    causation_id: UUID | None = None

    def __init_subclass__(cls, **config: Any) -> None:
        super().__init_subclass__(**config)
        cls.subject = SUBJECTS[cls.__name__]  # KeyError: the topology does not know it

    def to_bytes(self) -> bytes:
        """Return the event as one flat JSON object."""
        return _encode(self)

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read what `to_bytes` wrote; BadPayload if `data` is not this event."""
        try:
            _read_stated(data)
            event: Self = _decoder(cls)(data)
        except (DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise BadPayload(reason_against(cls, data, otherwise=str(error))) from error
        for name in _times(cls):
            if getattr(event, name).tzinfo is not UTC:  # msgspec's own for an offset of zero
                raise BadPayload(reason_against(cls, data, otherwise=f"{name}: not in UTC"))
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
