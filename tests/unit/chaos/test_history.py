from chaos.history import History, Outcome, Purchase

ANSWER = b'{"order_id": "o-1"}'


def test_an_order_that_was_unknown_and_became_known_is_counted_as_resolved() -> None:
    purchase = Purchase("k", b"{}", begun_at=0.0, was_unknown=True)
    history = History([purchase, Purchase("l", b"{}", begun_at=0.0)])

    history.accepted(purchase, ANSWER, at=1.0)

    assert history.counts == {"ok": 1, "unknown": 1, "resolved": 1}
    assert purchase.order_id == "o-1"
    assert purchase.outcome is Outcome.OK


def test_one_key_with_two_answers_is_a_contradiction() -> None:
    purchase = Purchase("k", b"{}", begun_at=0.0)
    history = History([purchase])

    history.accepted(purchase, ANSWER, at=1.0)
    history.accepted(purchase, ANSWER, at=2.0)
    assert history.contradictions == []

    history.accepted(purchase, b'{"order_id": "o-2"}', at=3.0)
    assert len(history.contradictions) == 1
