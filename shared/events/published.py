"""Each event as a pydantic model: what is published of it, and what names the faults of a payload.

Made from the event's own fields, so there is one definition. Schema, AsyncAPI and the words of a
refusal come from here; nothing of it runs for a payload that is well.
"""

from functools import cache
from typing import Any

from msgspec import NODEFAULT, Struct
from msgspec.structs import fields
from pydantic import BaseModel, ConfigDict, ValidationError, create_model

from shared.events.bad_payload import reason_of

CONFIG = ConfigDict(
    strict=True,
    extra="ignore",
    json_schema_serialization_defaults_required=True,  # we always write every field
)

OTHERWISE_CHARS = 200
"""A reason travels in a header, and a parser's words may quote what it was given."""


@cache
def published(event_type: type[Struct]) -> type[BaseModel]:
    """Return the model with the event's name, words, fields and bounds."""
    declared: dict[str, Any] = {
        it.name: (it.type, ... if it.default is NODEFAULT else it.default)
        for it in fields(event_type)
    }
    model: type[BaseModel] = create_model(
        event_type.__name__, __config__=CONFIG, __doc__=event_type.__doc__, **declared
    )
    return model


def reason_against(event_type: type[Struct], data: bytes, *, otherwise: str) -> str:
    """Return in one line why the bytes are not this event; `otherwise` if the model finds no fault.

    It guesses now and then where msgspec does not: a number in quotes for a time, true for 1.
    """
    try:
        model = published(event_type).model_validate_json(data)
    except ValidationError as error:
        return reason_of(error)
    if not model.model_fields_set >= {"event_type", "version"}:
        return "event_type or version: Field required"
    return otherwise.encode("unicode_escape").decode("ascii")[:OTHERWISE_CHARS]
