"""What an audit says, and its exit code."""

import io
from pathlib import Path

import orjson
import pytest
from rich.console import Console
from typer.testing import CliRunner

from audit import report
from audit.__main__ import NO_VERDICT, app
from audit.course import Outcome
from audit.drain import Drain, Waiting
from audit.stack import Stack, StackError
from audit.violations import KEPT, Findings, Invariant, Violation, of_order

OFF = of_order(Invariant.I3, "an-order", expected="1000", found="[0]")


def outcome(*violations: Violation, left: tuple[Waiting, ...] = ()) -> Outcome:
    findings = Findings()
    findings.add(violations)
    findings.note(Invariant.I3, "1 order")
    findings.skip(Invariant.I8, "--since")
    return Outcome(findings, Drain(seconds=0.5, left=left, most={"orders open": 3}), 1.25)


def shown(it: Outcome) -> str:
    text = io.StringIO()
    report.show(it, Console(file=text, width=200))
    return text.getvalue()


def test_everything_holds_only_without_violations_and_after_the_drain() -> None:
    waiting = Waiting("orders", "open", 1, "1 left")
    assert outcome().holds
    assert not outcome(OFF).holds
    assert not outcome(left=(waiting,)).holds


def test_a_violation_is_shown_with_what_was_expected_and_found() -> None:
    text = shown(outcome(OFF))
    assert "I3 order an-order" in text
    assert "expected  1000" in text
    assert "found     [0]" in text
    assert "1 violations." in text


def test_what_was_waited_for_and_what_is_left_is_said() -> None:
    assert "waited 0.5 s for the drain (orders open)" in shown(outcome())
    waiting = Waiting("durable", "email-OrderPlaced", 3, "3 pending, 0 unacknowledged")
    assert "Not drained after 0.5 s: durable email-OrderPlaced: 3 pending" in shown(
        outcome(left=(waiting,))
    )


def test_the_json_names_each_violation() -> None:
    document = orjson.loads(report.as_json(outcome(OFF)))
    assert document["holds"] is False
    assert document["violations"] == [
        {
            "invariant": "I3",
            "order": "an-order",
            "about": "order",
            "name": "an-order",
            "expected": "1000",
            "found": "[0]",
        }
    ]
    states = {it["invariant"]: it["state"] for it in document["invariants"]}
    assert (states["I1"], states["I3"], states["I8"]) == ("holds", "violated", "not checked")


def test_a_flood_of_violations_is_counted_and_a_part_is_named() -> None:
    findings = Findings()
    findings.add(OFF for _ in range(KEPT + 5))
    assert findings.counts[Invariant.I3] == KEPT + 5
    assert len(findings.named(Invariant.I3)) == KEPT


def test_what_was_not_asked_for_is_not_reported() -> None:
    findings = Findings([Invariant.I4])
    findings.add([OFF])
    assert not findings.total


def test_no_stack_is_exit_2(tmp_path: Path) -> None:
    ended = CliRunner().invoke(app, ["--stack", str(tmp_path / "stack.json")])
    assert ended.exit_code == NO_VERDICT
    assert "no stack is up" in ended.stderr


def test_an_audit_that_breaks_is_exit_2_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: Path) -> Stack:
        raise KeyError("a bug")

    monkeypatch.setattr(Stack, "read", broken)
    ended = CliRunner().invoke(app, ["--stack", str(tmp_path)])
    assert ended.exit_code == NO_VERDICT
    assert "KeyError: 'a bug'" in ended.stderr


@pytest.mark.parametrize("arguments", [["--only", "I11"], ["--since", "once"], ["--what"]])
def test_wrong_use_is_exit_2(tmp_path: Path, arguments: list[str]) -> None:
    stack = tmp_path / "stack.json"
    stack.write_text(
        orjson.dumps(
            {
                "services": {},
                "provider": {"url": "http://p"},
                "mail": {"url": None},
                "nats": {"url": "nats://n"},
                "postgres": {"databases": {}},
                "tokens": {"customer": "c", "operator": "o"},
            }
        ).decode()
    )
    ended = CliRunner().invoke(app, ["--stack", str(stack), *arguments])
    assert ended.exit_code == NO_VERDICT


def test_a_broken_stack_file_is_said(tmp_path: Path) -> None:
    stack = tmp_path / "stack.json"
    stack.write_text("{}")
    with pytest.raises(StackError, match="not a stack's file"):
        Stack.read(stack)
