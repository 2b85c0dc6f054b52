"""A dead letter made by a bug, the bug mended, the letter replayed."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import orjson
import pytest
from msgspec.structs import replace
from nats.js.api import AckPolicy, ConsumerConfig

from shared.events.topology import DEAD_LETTERS
from shared.messaging.desk import reading
from shared.messaging.desk.editing import Mend
from shared.messaging.desk.errors import BadEdit, NoSuchLetter, Refusal
from shared.messaging.desk.letters import Action, Record, State
from shared.messaging.desk.selection import Selection, count
from shopctl.servers import Servers
from tests.eventually import eventually
from tests.integration.shared.messaging.two_groups import DELIVERIES, TwoGroups, two_groups
from tests.integration.shared.toy import placed

OPERATOR = {"Authorization": "Bearer operator-token"}
CUSTOMER = {"Authorization": "Bearer customer-token"}


@pytest.fixture(scope="module")
async def groups(servers: Servers) -> AsyncIterator[TwoGroups]:
    async with two_groups(servers) as groups:
        yield groups


@pytest.fixture
def customer() -> str:
    return f"customer-{uuid4()}"


async def ended(groups: TwoGroups, sent: Record, expected: State = State.HANDLED) -> None:
    await eventually(lambda: groups.state(sent.letter_seq), expected)


async def test_a_replay_after_the_mend_has_its_effect_and_reaches_nobody_else(
    groups: TwoGroups, customer: str
) -> None:
    found = await groups.letter_by_a_bug(customer)
    others_calls = len(groups.other.calls)

    await ended(groups, await groups.desk.replay(found.letter.seq, who="ada"))

    assert await groups.failing.counted(customer) == 1
    assert await groups.other.counted(customer) == 1
    assert len(groups.other.calls) == others_calls


async def test_a_letter_tells_what_happened(groups: TwoGroups, customer: str) -> None:
    found = await groups.letter_by_a_bug(customer)

    letter = (await groups.desk.letter(found.letter.seq)).letter

    assert (letter.group, letter.subject) == ("inventory", "orders.placed")
    assert letter.error == f"LookupError: no shelf for {customer}"
    assert letter.deliveries == DELIVERIES
    assert orjson.loads(letter.data or b"")["event_id"] == letter.message_id


async def test_a_handled_letter_leaves_the_dead_letters_and_its_record_keeps_it(
    groups: TwoGroups, customer: str
) -> None:
    seq = (await groups.letter_by_a_bug(customer)).letter.seq
    before = (await groups.desk.letter(seq)).letter
    inbox = await groups.failing.inbox()

    await ended(groups, await groups.desk.replay(seq, who="ada"))

    assert await groups.in_dead_letters(seq) is None
    assert await groups.failing.inbox() == inbox + 1
    after = await groups.desk.letter(seq)
    assert after.letter == before
    assert [(each.action, each.who) for each in after.records] == [
        (Action.REPLAY, "ada"),
        (Action.HANDLED, ""),
    ]


async def test_replayed_twice_it_has_one_effect(groups: TwoGroups, customer: str) -> None:
    seq = (await groups.letter_by_a_bug(customer)).letter.seq
    await ended(groups, await groups.desk.replay(seq, who="ada"))

    with pytest.raises(Refusal, match="handled already"):
        await groups.desk.replay(seq, who="bob")
    again = await groups.desk.replay(seq, who="bob", again=True)
    ends = groups.desk.outcomes([seq], from_seq=again.seq, within_s=10)

    assert [end.action async for end in ends] == [Action.HANDLED]
    assert await groups.failing.counted(customer) == 1
    assert groups.failing.calls.count(customer) == DELIVERIES + 2


async def test_of_two_operators_one_replays_it(groups: TwoGroups, customer: str) -> None:
    seq = (await groups.letter_by_a_bug(customer)).letter.seq

    results = await asyncio.gather(
        *(groups.desk.replay(seq, who=f"operator {i}") for i in range(5)), return_exceptions=True
    )

    assert sum(isinstance(result, Record) for result in results) == 1
    assert sum(isinstance(result, Refusal) for result in results) == 4
    await eventually(lambda: groups.failing.counted(customer), 1)


async def test_a_replay_that_fails_becomes_a_letter_of_the_same_event_again(
    groups: TwoGroups, customer: str
) -> None:
    first = (await groups.letter_by_a_bug(customer)).letter
    groups.failing.bugs.add(customer)

    await ended(groups, await groups.desk.replay(first.seq, who="ada"), State.FAILED_AGAIN)

    groups.failing.bugs.clear()
    assert await groups.in_dead_letters(first.seq) is None
    (second,) = await groups.desk.letters(Selection(error=customer))
    assert second.state is State.OPEN
    assert second.letter.replay_of == first.seq
    assert second.letter.subject == first.subject
    assert second.letter.stream_seq == first.stream_seq
    assert second.letter.message_id == first.message_id
    with pytest.raises(Refusal, match=f"it is dead letter {second.letter.seq} now"):
        await groups.desk.replay(first.seq, who="ada", again=True)
    await ended(groups, await groups.desk.replay(second.letter.seq, who="ada"))
    assert await groups.failing.counted(customer) == 1


async def test_a_letter_that_got_another_ones_number_is_left_alone(
    groups: TwoGroups, customer: str
) -> None:
    """A broker that lost its tail gives numbers a second time."""
    seq = (await groups.letter_by_a_bug(customer)).letter.seq
    data = (await groups.desk.letter(seq)).letter.data
    headers = {"Letter-Id": "dead:ORDERS:inventory-OrderPlaced:of-a-former-life"}
    subject = f"desk.replay.{seq}.inventory.orders.placed"

    sent = await groups.broker.jetstream().publish(subject, data or b"", headers=headers)

    ends = groups.desk.outcomes([seq], from_seq=sent.seq, within_s=10)
    assert [end.action async for end in ends] == [Action.HANDLED]
    assert await groups.in_dead_letters(seq)
    assert await groups.state(seq) is State.OPEN
    await ended(groups, await groups.desk.replay(seq, who="ada"))
    assert await groups.failing.counted(customer) == 1


async def test_a_letter_without_any_headers_is_replayed_too(
    groups: TwoGroups, customer: str
) -> None:
    data = placed(customer).to_bytes()
    subject = "dead_letters.inventory.orders.placed"
    put = await groups.broker.jetstream().publish(subject, data)

    await ended(groups, await groups.desk.replay(put.seq, who="ada"))

    assert await groups.failing.counted(customer) == 1
    assert await groups.in_dead_letters(put.seq) is None
    assert (await groups.desk.letter(put.seq)).letter.data == data


async def test_an_edited_replay_keeps_the_original_beside_it(
    groups: TwoGroups, customer: str
) -> None:
    seq = (await groups.letter_by_a_bug(customer)).letter.seq
    original = (await groups.desk.letter(seq)).letter.data

    mend = Mend({"items.0.quantity": 3, "customer_email": "eve@example.com"})
    await ended(groups, await groups.desk.replay(seq, who="ada", mend=mend))

    assert await groups.failing.counted(customer) == 3
    assert await groups.other.counted(customer) == 1
    found = await groups.desk.letter(seq)
    assert found.letter.data == original
    sent = found.records[0]
    assert sent.changed == "customer_email, items.0.quantity"
    assert orjson.loads(sent.data or b"")["items"][0]["quantity"] == 3


async def test_a_bad_edit_is_refused_and_nothing_is_sent(groups: TwoGroups, customer: str) -> None:
    seq = (await groups.letter_by_a_bug(customer)).letter.seq

    bad: list[tuple[dict[str, Any], str]] = [
        ({"items.0.quantity": "three"}, r"that is no OrderPlaced: items\.0\.quantity"),
        ({"items.7.quantity": 3}, r"items\.7\.quantity: there is no 7"),
        ({"event_id": str(uuid4())}, "its event_id stays"),
    ]
    for values, said in bad:
        with pytest.raises(BadEdit, match=said):
            await groups.desk.replay(seq, who="ada", mend=Mend(values))

    assert await groups.state(seq) is State.OPEN


async def test_a_poison_message_can_be_mended_as_a_whole(groups: TwoGroups, customer: str) -> None:
    event = replace(await groups.publish(f"good-{customer}"), customer_id=customer)
    broken = event.to_bytes()[:-1]
    await groups.broker.jetstream().publish("orders.placed", broken)
    await eventually(lambda: poisoned(groups), 2)  # both groups have a letter of their own
    found = await groups.desk.letters(Selection(group="inventory", error="BadPayload"))
    seq = found[0].letter.seq
    with pytest.raises(BadEdit, match="not JSON"):
        await groups.desk.replay(seq, who="ada", mend=Mend({"customer_id": "x"}))

    whole = replace(event, event_id=uuid4()).to_bytes()
    await ended(groups, await groups.desk.replay(seq, who="ada", mend=Mend(whole=whole)))

    assert await groups.failing.counted(customer) == 1
    assert (await groups.desk.letter(seq)).letter.data == broken
    assert await poisoned(groups) == 1


async def poisoned(groups: TwoGroups) -> int:
    return len(await groups.desk.letters(Selection(error="BadPayload")))


async def test_a_discarded_letter_stays_with_its_reason(groups: TwoGroups, customer: str) -> None:
    seq = (await groups.letter_by_a_bug(customer)).letter.seq
    with pytest.raises(Refusal, match="without a reason"):
        await groups.desk.discard(seq, who="ada", reason=" ")

    await groups.desk.discard(seq, who="ada", reason="the customer is gone\nfor good")

    found = await groups.desk.letter(seq)
    assert found.state is State.DISCARDED
    assert (found.records[0].who, found.records[0].note) == ("ada", "the customer is gone for good")
    assert await groups.in_dead_letters(seq)
    with pytest.raises(Refusal, match="was discarded by ada"):
        await groups.desk.replay(seq, who="bob")
    with pytest.raises(Refusal, match="was discarded by ada"):
        await groups.desk.discard(seq, who="bob", reason="really")


async def test_a_letter_that_goes_while_all_are_read_is_not_waited_for(
    groups: TwoGroups, customer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "BATCH", 1)  # or the broker would have sent it already
    for name in ("stays", "goes"):
        await groups.letter_by_a_bug(f"{customer}-{name}")
    *_, goes = await groups.desk.letters(Selection(error=customer))
    subject, seen = "dead_letters.inventory.>", []

    async for stored in reading.scan(groups.broker, DEAD_LETTERS.name, subject):
        seen.append(stored.seq)
        if stored.seq == goes.letter.seq - 1:
            await groups.broker.jetstream().delete_msg(DEAD_LETTERS.name, goes.letter.seq)

    assert seen[-1] == goes.letter.seq - 1


async def test_an_unknown_number_is_a_clear_error(groups: TwoGroups) -> None:
    with pytest.raises(NoSuchLetter, match="nobody has a dead letter 4711"):
        await groups.desk.replay(4711, who="ada")


async def test_letters_are_found_and_counted_by_kind(groups: TwoGroups, customer: str) -> None:
    await groups.letter_by_a_bug(f"{customer}-1")
    await groups.letter_by_a_bug(f"{customer}-2")

    found = await groups.desk.letters(Selection("inventory", "orders.*", error=customer.upper()))

    (kind,) = count(found)
    assert (kind.group, kind.subject, kind.error_class) == (
        "inventory",
        "orders.placed",
        "LookupError",
    )
    assert (kind.letters, kind.open) == (2, 2)
    assert kind.oldest < kind.newest
    assert await groups.desk.letters(Selection("payment", error=customer)) == []
    assert await groups.desk.letters(Selection(subject="orders.shipped", error=customer)) == []


async def test_operators_do_the_same_over_http(groups: TwoGroups, customer: str) -> None:
    seq = (await groups.letter_by_a_bug(customer)).letter.seq
    async with groups.http(OPERATOR) as client:
        listed = (await client.get("/dead-letters", params={"error": customer})).json()
        assert [(each["seq"], each["state"]) for each in listed["letters"]] == [(seq, "open")]
        assert listed["counts"][0]["error_class"] == "LookupError"
        shown = (await client.get(f"/dead-letters/{seq}")).json()
        assert shown["event"]["customer_id"] == customer

        body = {"who": "ada", "set": {"items.0.quantity": 0}}
        refused = await client.post(f"/dead-letters/{seq}/replay", json=body)
        assert (refused.status_code, refused.headers["content-type"]) == (
            422,
            "application/problem+json",
        )
        assert "items.0.quantity" in refused.json()["detail"]
        sent = await client.post(f"/dead-letters/{seq}/replay", json={"who": "ada"})
        assert (sent.status_code, sent.json()["who"]) == (202, "ada")
        await eventually(lambda: groups.failing.counted(customer), 1)
        await eventually(lambda: groups.state(seq), State.HANDLED)
        again = await client.post(f"/dead-letters/{seq}/replay")
        assert (again.status_code, "handled already" in again.json()["detail"]) == (409, True)
        assert (await client.get("/dead-letters/4711")).status_code == 404


async def test_http_replays_all_of_a_kind_in_pieces(groups: TwoGroups, customer: str) -> None:
    names = [f"{customer}-{number}" for number in range(3)]
    numbers = [(await groups.letter_by_a_bug(name)).letter.seq for name in names]
    kind: dict[str, str | int] = {"error": customer, "limit": 2}

    async def counted() -> list[int]:
        return [await groups.failing.counted(name) for name in names]

    async with groups.http(OPERATOR) as client:
        bad = {"set": {"items.0.quantity": 0}}
        refused = (await client.post("/dead-letters/replay", params=kind, json=bad)).json()
        assert [each["seq"] for each in refused["skipped"]] == numbers[:2]
        assert "items.0.quantity" in refused["skipped"][0]["reason"]

        answers = [await client.post("/dead-letters/replay", params=kind) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [202, 202, 202]
    sent = [[each["letter_seq"] for each in answer.json()["sent"]] for answer in answers]
    assert sent == [numbers[:2], numbers[2:], []]
    assert [answer.json()["left"] for answer in answers] == [1, 0, 0]
    await eventually(counted, [1, 1, 1])


async def test_http_discards_with_a_reason_only(groups: TwoGroups, customer: str) -> None:
    seq = (await groups.letter_by_a_bug(customer)).letter.seq
    async with groups.http(OPERATOR) as client:
        refused = await client.post(f"/dead-letters/{seq}/discard", json={"reason": ""})
        assert refused.status_code == 422
        done = await client.post(f"/dead-letters/{seq}/discard", json={"reason": "a test order"})
        assert (done.status_code, done.json()["note"]) == (200, "a test order")

    assert await groups.state(seq) is State.DISCARDED


async def test_http_is_for_operators_and_each_service_has_its_own_letters(
    groups: TwoGroups, customer: str
) -> None:
    seq = (await groups.letter_by_a_bug(customer)).letter.seq

    async with groups.http(CUSTOMER) as client:
        assert (await client.get("/dead-letters")).status_code == 403
        assert (await client.post(f"/dead-letters/{seq}/replay")).status_code == 403
    async with groups.http(OPERATOR, "analytics") as client:
        assert (await client.get(f"/dead-letters/{seq}")).status_code == 404
        assert (await client.post(f"/dead-letters/{seq}/replay")).status_code == 404


async def test_the_metrics_count_what_waits_for_an_operator(
    groups: TwoGroups, customer: str
) -> None:
    async def waiting() -> int:
        found = await groups.desk.letters(Selection("inventory", state=State.OPEN))
        return len(found)

    seq = (await groups.letter_by_a_bug(customer)).letter.seq
    registry = groups.failing.service.metrics.registry
    refresh = groups.failing.service.dead_letters.refresh
    await refresh()
    before = registry.get_sample_value("shop_dead_letters")
    assert before == await waiting()
    assert (registry.get_sample_value("shop_dead_letters_oldest_age_seconds") or 0) > 0

    await groups.desk.discard(seq, who="ada", reason="a test")
    await refresh()

    assert registry.get_sample_value("shop_dead_letters") == before - 1


async def test_the_broker_giving_up_is_an_alarm(groups: TwoGroups) -> None:
    jetstream = groups.broker.jetstream()
    durable = "inventory-OrderPlaced"  # in a stream of the test's own, with a limit
    await jetstream.add_stream(name="LIMITED", subjects=["limited"])
    config = ConsumerConfig(ack_policy=AckPolicy.EXPLICIT, ack_wait=0.1, max_deliver=1)
    pull = await jetstream.pull_subscribe("limited", durable, stream="LIMITED", config=config)
    await jetstream.publish("limited")
    await pull.fetch(1)

    async def alarms() -> float | None:
        registry = groups.failing.service.metrics.registry
        labels = {"subscription": durable}
        return registry.get_sample_value("shop_consumer_max_deliveries_total", labels)

    await eventually(alarms, 1.0)
    await jetstream.delete_stream("LIMITED")


async def test_the_way_back_is_in_asyncapi(groups: TwoGroups) -> None:
    async with groups.http({}) as client:
        document = (await client.get("/asyncapi.json")).json()

    assert any(
        "desk.replay.*.inventory.>" in str(channel) for channel in document["channels"].values()
    )
