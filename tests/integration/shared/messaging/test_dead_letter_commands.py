"""`python -m shopctl dead-letters`, as an operator types it."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from shared.messaging.desk.letters import State
from shopctl.run_dir import CHECKOUT
from shopctl.servers import Servers
from tests.integration.shared.messaging.two_groups import TwoGroups, two_groups


@pytest.fixture(scope="module")
async def groups(servers: Servers) -> AsyncIterator[TwoGroups]:
    async with two_groups(servers) as groups:
        yield groups


@pytest.fixture
def customer() -> str:
    return f"customer-{uuid4()}"


async def desk(
    groups: TwoGroups, *words: str, typed: str = "", environment: Mapping[str, str] | None = None
) -> tuple[int | None, str, str]:
    """The exit code, and what was printed on either stream."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "shopctl", "dead-letters", *words, "--nats", groups.nats_url),
        cwd=CHECKOUT,
        env={**os.environ, **(environment or {})},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    said, complained = await process.communicate(typed.encode())
    return process.returncode, said.decode(), complained.decode()


async def asked_for_json(groups: TwoGroups, *words: str) -> Any:
    code, said, complained = await desk(groups, *words, "--json")
    assert code == 0, complained
    return json.loads(said)


async def test_all_of_a_kind_are_replayed_after_a_preview_and_a_yes(
    groups: TwoGroups, customer: str
) -> None:
    for number in (1, 2, 3):
        await groups.letter_by_a_bug(f"{customer}-{number}")
    chosen = ("--all", "--group", "inventory", "--error", customer)

    code, said, complained = await desk(groups, "replay", *chosen, typed="n\n")
    assert code == 1
    assert "Replay?" in complained
    assert await groups.failing.counted(f"{customer}-1") == 0
    code, said, _ = await desk(groups, "replay", *chosen, typed="y\n")

    assert code == 0, said
    kind = next(line for line in said.splitlines() if line.startswith("inventory"))
    assert kind.split()[:5] == ["inventory", "orders.placed", "LookupError", "3", "3"]
    assert "ended: 3 of 3 letters (100 %)" in said
    assert "3 of 3 replayed are handled." in said
    assert [await groups.failing.counted(f"{customer}-{n}") for n in (1, 2, 3)] == [1, 1, 1]


async def test_a_letter_is_listed_and_shown(groups: TwoGroups, customer: str) -> None:
    seq = (await groups.letter_by_a_bug(customer)).letter.seq

    listed = await asked_for_json(groups, "list", "--error", customer, "--newer", "1h")
    assert [(each["seq"], each["state"]) for each in listed["letters"]] == [(seq, "open")]
    assert (await asked_for_json(groups, "list", "--error", customer, "--older", "1h"))[
        "total"
    ] == 0
    code, said, _ = await desk(groups, "show", str(seq))

    assert code == 0
    assert f'"customer_id": "{customer}"' in said
    assert f"LookupError: no shelf for {customer}" in said


async def test_a_value_is_set_first_and_who_did_it_is_noted(
    groups: TwoGroups, customer: str
) -> None:
    seq = (await groups.letter_by_a_bug(customer)).letter.seq
    words = ("replay", str(seq), "--set", "items.0.quantity=4", "--yes", "--who", "ada")

    sent, end = await asked_for_json(groups, *words)

    assert (sent["who"], sent["changed"]) == ("ada", "items.0.quantity")
    assert end["action"] == "handled"
    assert await groups.failing.counted(customer) == 4
    shown = await asked_for_json(groups, "show", str(seq))
    assert shown["event"]["items"][0]["quantity"] == 1
    assert shown["records"][0]["event"]["items"][0]["quantity"] == 4


async def test_the_event_is_edited_in_the_editor(
    groups: TwoGroups, customer: str, tmp_path: Path
) -> None:
    seq = (await groups.letter_by_a_bug(customer)).letter.seq
    editor = tmp_path / "editor"
    editor.write_text('#!/bin/sh\nsed -i \'s/"quantity": 1/"quantity": 6/\' "$1"\n')
    editor.chmod(0o755)
    words = ("replay", str(seq), "--edit", "--yes")

    code, _, complained = await desk(groups, *words, environment={"VISUAL": "true"})
    assert (code, complained) == (1, "nothing was changed, and nothing is sent\n")
    code, said, _ = await desk(groups, *words, environment={"VISUAL": str(editor)})

    assert code == 0, said
    assert "with other items.0.quantity" in said
    assert await groups.failing.counted(customer) == 6


async def test_a_replayed_letter_is_told_and_skipped(groups: TwoGroups, customer: str) -> None:
    seq = str((await groups.letter_by_a_bug(customer)).letter.seq)
    assert (await desk(groups, "replay", seq, "--yes"))[0] == 0

    code, said, _ = await desk(groups, "replay", seq, "--yes")
    assert code == 1
    assert f"skipped: dead letter {seq} was replayed and handled already" in said
    code, _, _ = await desk(groups, "replay", seq, "--yes", "--again")

    assert code == 0
    assert await groups.failing.counted(customer) == 1


async def test_a_bad_edit_of_many_sends_none(groups: TwoGroups, customer: str) -> None:
    numbers = [(await groups.letter_by_a_bug(customer)).letter.seq]
    words = ("--all", "--error", customer, "--set", "total_cents=much", "--yes")

    code, _, complained = await desk(groups, "replay", *words)

    assert code == 1
    assert complained.startswith(f"dead letter {numbers[0]}: that is no OrderPlaced: total_cents")
    assert await groups.state(numbers[0]) is State.OPEN


async def test_a_discard_is_noted(groups: TwoGroups, customer: str) -> None:
    seq = str((await groups.letter_by_a_bug(customer)).letter.seq)
    assert (await desk(groups, "discard", seq))[0] == 2

    (noted,) = await asked_for_json(groups, "discard", seq, "--reason", "a test order")

    assert (noted["action"], noted["note"]) == ("discarded", "a test order")
    assert noted["who"]
    assert (await asked_for_json(groups, "show", seq))["state"] == "discarded"


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("show", "4711"), 1, "nobody has a dead letter 4711\n"),
        (("replay", "4711", "--yes"), 1, "nobody has a dead letter 4711\n"),
        (("discard", "4711", "--reason", "x"), 1, "nobody has a dead letter 4711\n"),
        (("replay", "--yes"), 2, "say which: "),
        (("replay", "1", "--all"), 2, "say which: "),
        (("replay", "--all", "--edit"), 2, "--edit is for one letter"),
        (("replay", "1", "--set", "x"), 2, "'x' is not field=value"),
        (("list", "--older", "soon"), 2, "'soon' is no age: write 90s, 15m, 2h or 3d\n"),
    ],
)
async def test_wrong_use_is_one_clear_line(
    groups: TwoGroups, words: tuple[str, ...], code: int, said: str
) -> None:
    returned, _, complained = await desk(groups, *words)

    assert returned == code
    assert complained.startswith(said)
    assert complained.count("\n") == 1


async def test_a_broker_that_is_away_is_one_clear_line(groups: TwoGroups) -> None:
    away = TwoGroups("nats://127.0.0.1:9", groups.broker, groups.groups)

    code, _, complained = await desk(away, "list")

    assert code == 1
    assert complained.startswith("NATS does not answer at nats://127.0.0.1:9")
    assert complained.count("\n") == 1
