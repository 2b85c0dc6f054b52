"""The page `docs/reference/events.md`, made from the schemas and the topology."""

from collections.abc import Iterator, Mapping
from typing import Any

from shared.events.topology import STREAMS, SUBJECTS, SUBSCRIPTIONS, stream_of

Schema = dict[str, Any]

_HEAD = """\
# Events

Written by `python -m shared.events.schemas` from `shared/events`: change those, not this page.

Each event is one flat JSON object on its subject, with the headers `Nats-Msg-Id` (its `event_id`)
and `traceparent`. Unknown fields are ignored. A changed meaning is a new version, and the old one
stays readable. Amounts are integers in minor units of the `currency` beside them.
"""


def page_of(schemas: Mapping[str, Schema]) -> str:
    """Return the page. `schemas`: by file name, each with a fixture as its example."""
    envelope = _shared_fields(schemas)
    parts = [
        _HEAD,
        "\n".join(_overview(schemas, envelope)),
        "\n".join(["## In every event", "", *_field_table(next(iter(schemas.values())), envelope)]),
        *("\n".join(_section(name, schema, envelope)) for name, schema in schemas.items()),
        "\n".join(_streams()),
    ]
    return "\n\n".join(part.strip() for part in parts) + "\n"


def _shared_fields(schemas: Mapping[str, Schema]) -> list[str]:
    fields = [list(schema["properties"]) for schema in schemas.values()]
    return [name for name in fields[0] if all(name in others for others in fields)]


def _overview(schemas: Mapping[str, Schema], envelope: list[str]) -> Iterator[str]:
    yield "| type | subject | stream | owner | heard by | fields |"
    yield "|---|---|---|---|---|---|"
    for file_name, schema in schemas.items():
        event = schema["title"]
        stream = stream_of(SUBJECTS[event])
        heard_by = ", ".join(s.group for s in SUBSCRIPTIONS if s.event_type == event)
        fields = ", ".join(_own_fields(schema, envelope))
        yield (
            f"| [{event}](events/{file_name}) | `{SUBJECTS[event]}` | {stream.name} "
            f"| {stream.owner} | {heard_by} | {fields} |"
        )


def _section(file_name: str, schema: Schema, envelope: list[str]) -> Iterator[str]:
    yield f"## {schema['title']}"
    yield ""
    yield f"{schema['description']} Schema and example: [{file_name}](events/{file_name})."
    yield ""
    yield from _field_table(schema, _own_fields(schema, envelope))


def _own_fields(schema: Schema, envelope: list[str]) -> list[str]:
    return [name for name in schema["properties"] if name not in envelope]


def _field_table(schema: Schema, names: list[str]) -> Iterator[str]:
    yield "| field | type | example |"
    yield "|---|---|---|"
    for name in names:
        kind = _kind(schema["properties"][name], schema.get("$defs", {}))
        yield f"| `{name}` | {kind} | {_example(schema['examples'][0][name])} |"


def _kind(field: Schema, definitions: Schema) -> str:
    """Say a field's type in words."""
    match field:
        case {"$ref": str(reference)}:
            return _kind(definitions[reference.rpartition("/")[2]], definitions)
        case {"anyOf": [*choices]}:
            return " or ".join(_kind(choice, definitions) for choice in choices)
        case {"type": "array", "items": items}:
            return f"list of {_kind(items, definitions)}"
        case {"type": "object", "properties": properties}:
            inner = (f"`{name}`: {_kind(part, definitions)}" for name, part in properties.items())
            return "{" + ", ".join(inner) + "}"
        case _:
            return _plain_kind(field)


def _plain_kind(field: Schema) -> str:
    match field:
        case {"const": _}:
            return "fixed"
        case {"enum": [*values]}:
            return "one of " + ", ".join(f"`{value}`" for value in values)
        case {"format": str(form)}:
            return {"uuid": "UUID", "date-time": "RFC 3339, UTC"}[form]
        case {"minimum": minimum}:
            return f"{field['type']} ≥ {minimum}"
        case {"pattern": pattern}:
            return f"{field['type']} `{pattern}`"
        case _:
            return str(field["type"])


def _example(value: object) -> str:
    match value:
        case None:
            return "`null`"
        case list():
            return f"{len(value)} of them"
        case _:
            return f"`{value}`"


def _streams() -> Iterator[str]:
    yield "## Streams"
    yield ""
    yield "| stream | subjects | storage | retention | kept | duplicate window | largest message |"
    yield "|---|---|---|---|---|---|---|"
    for stream in STREAMS:
        yield (
            f"| {stream.name} | `{', '.join(stream.subjects)}` | {stream.storage} "
            f"| {stream.retention} | {stream.max_age.days} days "
            f"| {stream.duplicate_window.seconds // 60} min | {stream.max_msg_size // 1024} kB |"
        )
