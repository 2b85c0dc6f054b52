"""The results as a marked section of docs/explanation/performance.md, and its pictures."""

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from loadtests.measuring import pictures, report
from loadtests.measuring.results import Results
from shopctl.run_dir import CHECKOUT

PAGE = CHECKOUT / "docs" / "explanation" / "performance.md"
PICTURES = PAGE.parent / "figures"
BEGIN = "<!-- bench: begin, written by `python -m loadtests.bench --publish` -->"
END = "<!-- bench: end -->"


def publish(results: Results) -> None:
    """Rewrite the section between the marks, and the pictures; the rest of the page stays."""
    pictures.draw(results, PICTURES)
    results.write(PICTURES / "bench.json")
    PAGE.write_text(replaced(PAGE.read_text(), section(results)))


def replaced(page: str, text: str) -> str:
    """Raises ValueError where the page has no marks."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"{PAGE.name} has no place for the figures: {BEGIN} … {END}")
    return f"{before}{BEGIN}\n\n{text}\n{END}{after}"


def section(results: Results) -> str:
    told = results.told
    measured = [it for it in told if it.orders]
    tables = (
        _table(report.COLUMNS, map(report.summary, told)),
        "CPU milliseconds an order, by process:",
        _table(("part", "load", *report.PARTS), map(report.costs, measured)),
        "Members of a group commit, on average:",
        _table(("part", "load", *report.PARTS[:5]), map(report.groups, measured)),
        *_soaked(results),
        "Latency, ms:",
        _table(("load", "what", "n", "p50", "p90", "p99", "max"), report.latencies(results)),
    )
    measured_on = f"Measured on {results.at:%Y-%m-%d}: {results.machine}."
    return "\n\n".join((measured_on, *tables)) + "\n"


def _soaked(results: Results) -> Sequence[str]:
    rows = list(report.memories(results))
    return ("Memory over the soak, MiB:", _table(report.MEMORY, rows)) if rows else ()


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = (columns, ["---"] * len(columns), *rows)
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


if __name__ == "__main__":
    publish(Results.read(Path(sys.argv[1])))
