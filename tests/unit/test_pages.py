"""What the pages for people name is there."""

import re
from pathlib import Path

import pytest

from shared import events
from shopctl.run_dir import CHECKOUT

LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")
TARGET = re.compile(r"(?:^|`)make ([a-z-]+)", re.MULTILINE)
TOUR = re.compile(r"^## Follow one order.*?(?=^## )", re.MULTILINE | re.DOTALL)
SYMBOL = re.compile(r"`(?:[A-Z]\w+\.)?(\w+)`")

README = CHECKOUT / "README.md"
FOLDERS = ("audit", "chaos", "docs", "loadtests", "sandbox", "services")
PAGES = sorted(
    [
        *CHECKOUT.glob("*.md"),
        *(page for folder in FOLDERS for page in (CHECKOUT / folder).rglob("*.md")),
    ]
)


def steps() -> list[str]:
    """Those of the README's way through the code."""
    tour = TOUR.search(README.read_text())
    assert tour is not None
    return re.split(r"^\d\. ", tour[0], flags=re.MULTILINE)[1:]


STEPS = dict(enumerate(steps(), start=1))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(CHECKOUT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    targets = LINK.findall(page.read_text())
    assert [it for it in targets if not (page.parent / it).exists()] == []


def test_every_target_of_make_that_is_named_exists() -> None:
    known = set(re.findall(r"^([a-z-]+):", (CHECKOUT / "Makefile").read_text(), re.MULTILINE))
    named = {name for page in PAGES for name in TARGET.findall(page.read_text())}
    assert {"demo", "test"} <= named <= known


@pytest.mark.parametrize("number", STEPS)
def test_the_way_through_the_code_names_what_is_there(number: int) -> None:
    step = STEPS[number]
    code = "".join((CHECKOUT / link).read_text() for link in LINK.findall(step))
    names = [name for name in SYMBOL.findall(step) if not hasattr(events, name)]
    assert names
    assert [it for it in names if not re.search(rf"(?:def|class) {it}\b", code)] == []
