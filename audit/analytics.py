"""I8: what analytics reports, held against a recount."""

from collections.abc import Iterator, Mapping
from typing import Any

from audit.recount import Reports, Rows
from audit.violations import Invariant, Violation

Key = tuple[str, ...]


def compare(counted: Reports, reported: Reports) -> Iterator[Violation]:
    """Yield where analytics differs from what the streams hold."""
    yield from _fields(counted.summary, reported.summary)
    for width, windows in counted.windows.items():
        yield from _lines(f"revenue by {width}", windows, reported.windows[width])
    yield from _lines("top products", counted.products, reported.products)
    yield from _sequence(list(counted.products), list(reported.products))
    yield from _lines("payment methods", counted.methods, reported.methods)


def _sequence(counted: list[Key], reported: list[Key]) -> Iterator[Violation]:
    """The best first; other lines than those counted were told before."""
    for place, (expected, found) in enumerate(zip(counted, reported, strict=False), start=1):
        if expected != found and set(counted) == set(reported):
            name = f"{place}. {' '.join(expected)}"
            yield _of("top products", expected=name, found=f"{place}. {' '.join(found)}")
            return


def _fields(counted: Mapping[str, Any], reported: Mapping[str, Any]) -> Iterator[Violation]:
    for name, value in counted.items():
        if reported.get(name) != value:
            found = f"{name} {reported.get(name)}"
            yield _of("summary", expected=f"{name} {value}", found=found)


def _lines(report: str, counted: Rows, reported: Rows) -> Iterator[Violation]:
    for key in sorted(counted.keys() | reported.keys()):
        expected, found = counted.get(key), reported.get(key)
        if expected != found:
            name = " ".join(key)
            yield _of(
                report,
                expected=f"{name}: {_figures(expected)}",
                found=f"{name}: {_figures(found)}",
            )


def _figures(row: tuple[Any, ...] | None) -> str:
    return ", ".join(map(str, row)) if row is not None else "no line"


def _of(report: str, *, expected: str, found: str) -> Violation:
    return Violation(Invariant.I8, "report", report, expected, found)
