"""The published form of the events: a JSON Schema a version, and a page that lists them.

    python -m shared.events.schemas            write docs/reference
    python -m shared.events.schemas --check    exit 1, and a line for each fault

A published version means one thing for ever. So a model that changed is not published until the
change shows in its golden fixture, or has a version of its own; and every fixture of an older
version stays readable.
"""

import json
import sys
from argparse import ArgumentParser
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from shared.events import EVENTS, BadPayload, Event, published
from shared.events.reference import page_of

ROOT = Path(__file__).parents[2]
HOW = "python -m shared.events.schemas writes it"
Schema = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Folders:
    reference: Path = ROOT / "docs" / "reference"
    fixtures: Path = ROOT / "tests" / "unit" / "shared" / "events" / "fixtures"

    def schema(self, event: type[Event]) -> Path:
        return self.reference / "events" / file_name(event)

    def fixture(self, event: type[Event]) -> Path:
        return self.fixtures / file_name(event)

    @property
    def page(self) -> Path:
        return self.reference / "events.md"


class _Untitled(GenerateJsonSchema):
    """Leaves out titles such as "Order Id", which only repeat the field's name."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


def file_name(event: type[Event]) -> str:
    return f"{event.__name__}.v{published(event).model_fields['version'].default}.json"


def schema_of(event: type[Event], *, fixture: Path) -> Schema:
    """Return the JSON Schema of what `event` is written as, with its fixture as the example."""
    schema = published(event).model_json_schema(mode="serialization", schema_generator=_Untitled)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "examples": [json.loads(fixture.read_bytes())],
    }


def fixture_faults(event: type[Event], folders: Folders) -> Iterator[str]:
    """Name each fixture of `event` that is missing, unreadable, or not all that it would write."""
    current = folders.fixture(event)
    if not current.exists():
        yield f"{current.name}: the fixture is missing"
    for fixture in sorted(folders.fixtures.glob(f"{event.__name__}.v*.json")):
        try:
            again = json.loads(event.from_bytes(fixture.read_bytes()).to_bytes())
        except BadPayload as bad:
            yield f"{fixture.name}: the fixture cannot be read: {bad.reason}"
            continue
        if fixture == current and again != json.loads(fixture.read_bytes()):
            yield f"{fixture.name}: the model writes something else than the fixture shows"


def faults(events: Sequence[type[Event]], folders: Folders) -> list[str]:
    """Name each difference between events, fixtures and what is published."""
    found = [fault for event in events for fault in fixture_faults(event, folders)]
    if found:
        return found
    for path, text in _published(events, folders).items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            found.append(f"{path.name}: not as the events say; {HOW}")
    return found


def publish(events: Sequence[type[Event]], folders: Folders) -> list[str]:
    """Write schemas and page; or write nothing, and return why not."""
    found = [fault for event in events for fault in fixture_faults(event, folders)]
    found = found or [fault for event in events for fault in _silent_change(event, folders)]
    if found:
        return found
    for path, text in _published(events, folders).items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return []


def _silent_change(event: type[Event], folders: Folders) -> Iterator[str]:
    path = folders.schema(event)
    if not path.exists():
        return
    before = json.loads(path.read_bytes())
    after = schema_of(event, fixture=folders.fixture(event))
    if before["examples"] == after["examples"] and _meaning(before) != _meaning(after):
        yield f"{path.name}: the model changed, but neither its fixture nor its version did"


def _meaning(schema: Any) -> Any:
    """Return the schema without its words."""
    match schema:
        case dict():
            return {
                key: _meaning(part)
                for key, part in schema.items()
                if not (key == "description" and isinstance(part, str))
            }
        case list():
            return [_meaning(part) for part in schema]
        case _:
            return schema


def _published(events: Sequence[type[Event]], folders: Folders) -> dict[Path, str]:
    schemas = {e: schema_of(e, fixture=folders.fixture(e)) for e in events}
    texts = {
        folders.schema(event): json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
        for event, schema in schemas.items()
    }
    texts[folders.page] = page_of({folders.schema(e).name: s for e, s in schemas.items()})
    return texts


def main(arguments: Sequence[str] | None = None) -> int:
    parser = ArgumentParser(prog="python -m shared.events.schemas", description="Publish events.")
    parser.add_argument("--check", action="store_true", help="write nothing, name each fault")
    act = faults if parser.parse_args(arguments).check else publish
    found = act(EVENTS, Folders())
    sys.stderr.writelines(f"{fault}\n" for fault in found)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
