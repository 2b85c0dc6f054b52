"""No model changes unseen: its fixture, or its version, has to change with it."""

import json
import shutil
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from msgspec import NODEFAULT, Meta, defstruct
from msgspec.structs import fields
from pydantic import Field

from shared.events import EVENTS, Event, OrderShipped, schemas
from shared.events.schemas import Folders, faults, publish


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    """Published and golden files as they are committed, free to be changed."""
    committed = Folders()
    shutil.copytree(committed.reference / "events", tmp_path / "reference" / "events")
    shutil.copy(committed.page, tmp_path / "reference")
    shutil.copytree(committed.fixtures, tmp_path / "fixtures")
    return Folders(reference=tmp_path / "reference", fixtures=tmp_path / "fixtures")


def with_changed(**changes: Any) -> tuple[type[Event], ...]:
    """Every event, OrderShipped with other fields: (type, default), or (type, ...) without one."""
    return with_one_from(OrderShipped, changes)


def without_carrier() -> tuple[type[Event], ...]:
    kept = {
        it.name: (it.type, ... if it.default is NODEFAULT else it.default)
        for it in fields(OrderShipped)
        if it.name != "carrier"
    }
    return with_one_from(Event, kept)


def with_one_from(base: type[Event], declared: dict[str, Any]) -> tuple[type[Event], ...]:
    specified = [
        (name, kind) if default is ... else (name, kind, default)
        for name, (kind, default) in declared.items()
    ]
    changed = defstruct("OrderShipped", specified, bases=(base,), frozen=True, kw_only=True)
    changed.__doc__ = OrderShipped.__doc__
    return tuple(changed if event is OrderShipped else event for event in EVENTS)  # type: ignore[misc]


def rewrite_fixture(folders: Folders, *, name: str = "OrderShipped.v1.json", **fields: Any) -> None:
    golden = json.loads((folders.fixtures / "OrderShipped.v1.json").read_bytes())
    (folders.fixtures / name).write_text(json.dumps(golden | fields), encoding="utf-8")


SHORT = Annotated[str, Field(max_length=80), Meta(max_length=80)]

CHANGES = [
    pytest.param(with_changed(weight_grams=(int, ...)), id="a field more"),
    pytest.param(with_changed(gift=(bool, False)), id="a field more, with a default"),
    pytest.param(without_carrier(), id="a field less"),
    pytest.param(with_changed(tracking_number=(int, ...)), id="another type"),
    pytest.param(with_changed(carrier=(str | None, ...)), id="null allowed"),
    pytest.param(
        with_changed(carrier=(SHORT, ...)),
        id="a constraint more",
    ),
]


def test_what_is_committed_is_what_the_events_say() -> None:
    assert faults(EVENTS, Folders()) == []


@pytest.mark.parametrize("events", CHANGES)
def test_a_changed_model_is_found(events: tuple[type[Event], ...], folders: Folders) -> None:
    assert any(fault.startswith("OrderShipped.v1.json") for fault in faults(events, folders))


@pytest.mark.parametrize("events", CHANGES)
def test_a_changed_model_cannot_be_published_under_the_old_version_and_fixture(
    events: tuple[type[Event], ...], folders: Folders
) -> None:
    before = folders.schema(OrderShipped).read_bytes()
    assert any(fault.startswith("OrderShipped.v1.json") for fault in publish(events, folders))
    assert folders.schema(OrderShipped).read_bytes() == before


def test_a_change_that_its_fixture_shows_is_published(folders: Folders) -> None:
    events = with_changed(weight_grams=(int, ...))
    rewrite_fixture(folders, weight_grams=750)
    assert publish(events, folders) == []
    assert faults(events, folders) == []


def test_a_new_version_stands_beside_the_old_one(folders: Folders) -> None:
    events = with_changed(version=(Literal[1, 2], 2), weight_grams=(int | None, None))
    rewrite_fixture(folders, name="OrderShipped.v2.json", version=2, weight_grams=750)
    assert publish(events, folders) == []
    assert faults(events, folders) == []
    assert {"OrderShipped.v1.json", "OrderShipped.v2.json"} <= {
        path.name for path in (folders.reference / "events").iterdir()
    }


def test_a_new_version_that_cannot_read_the_old_one_is_refused(folders: Folders) -> None:
    events = with_changed(version=(Literal[2], 2))
    rewrite_fixture(folders, name="OrderShipped.v2.json", version=2)
    [fault] = publish(events, folders)
    assert fault.startswith("OrderShipped.v1.json: the fixture cannot be read: version")


def test_other_words_are_no_other_meaning(folders: Folders) -> None:
    events = with_changed()
    changed = next(event for event in events if event.__name__ == "OrderShipped")
    changed.__doc__ = "The parcel is on its way."
    assert faults(events, folders) != []
    assert publish(events, folders) == []
    assert "The parcel is on its way." in folders.page.read_text(encoding="utf-8")


def test_a_missing_fixture_and_a_missing_page_are_found(folders: Folders) -> None:
    folders.page.unlink()
    assert faults(EVENTS, folders) == ["events.md: not as the events say; " + schemas.HOW]
    folders.fixture(OrderShipped).unlink()
    assert faults(EVENTS, folders) == ["OrderShipped.v1.json: the fixture is missing"]


def test_the_command_checks_without_writing(
    folders: Folders, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(schemas, "Folders", lambda: folders)
    assert schemas.main(["--check"]) == 0
    folders.page.write_text("", encoding="utf-8")
    assert schemas.main(["--check"]) == 1
    assert capsys.readouterr().err.startswith("events.md: not as the events say")
    assert schemas.main([]) == 0
    assert schemas.main(["--check"]) == 0
