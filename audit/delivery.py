"""I7: every event reached every group that hears it, once; and nothing was said in vain."""

from collections.abc import Iterator

from audit.evidence import Evidence
from audit.scope import EVERYTHING, Horizon
from audit.violations import Invariant, Violation, of_order

# Each event, for each group that hears it: in the inbox or in the dead letters, and not in both.
HEARD_ONCE = """
SELECT s.service, s.subject, e.event_id, h.event_id IS NOT NULL
FROM hearings AS s JOIN events AS e USING (event_type)
LEFT JOIN heard AS h ON h.service = s.service AND h.event_id = e.event_id
LEFT JOIN (SELECT DISTINCT service, event_id FROM letters) AS l
    ON l.service = s.service AND l.event_id = e.event_id
WHERE (h.event_id IS NULL) = (l.event_id IS NULL)
"""

# What no service can read is a dead letter of each group that hears its subject, or was one.
UNREADABLE = """
SELECT s.service, s.subject, u.stream, u.seq
FROM unreadable AS u JOIN hearings AS s USING (subject)
WHERE (s.service, u.stream, u.seq) NOT IN (SELECT service, stream, seq FROM letters)
    AND (s.service, u.stream, u.seq) NOT IN (SELECT service, stream, seq FROM settled)
"""

# Nobody has heard what neither a stream nor the desk said to him.
# `?`: what is older was forgotten by the streams.
INVENTED = """
SELECT h.service, h.event_id, e.event_type
FROM heard AS h LEFT JOIN events AS e USING (event_id)
LEFT JOIN hearings AS s ON s.service = h.service AND s.event_type = e.event_type
WHERE s.service IS NULL AND h.event_id > ?
    AND (h.service, h.event_id) NOT IN (SELECT service, event_id FROM replayed)
"""

# A dead letter has an original.
LETTERS_OF_NOTHING = """
SELECT l.service, l.subject, l.stream, l.seq, l.event_id FROM letters AS l
LEFT JOIN events AS e ON l.event_id = e.event_id
LEFT JOIN unreadable AS u ON l.stream = u.stream AND l.seq = u.seq
WHERE e.event_id IS NULL AND u.seq IS NULL AND (l.event_id = '' OR l.event_id > ?)
"""

# What the outbox says is published is in its stream.
UNSAID = """
SELECT service, subject, event_id FROM said
WHERE event_id NOT IN (SELECT event_id FROM events)
    AND event_id NOT IN (SELECT message_id FROM unreadable) AND event_id > ?
"""

# Each change of an order was told, once.
TOLD = """
SELECT c.order_id, c.event_type, c.times, coalesce(e.times, 0)
FROM changes AS c LEFT JOIN (
    SELECT order_id, event_type, count(*) AS times FROM events GROUP BY order_id, event_type
) AS e USING (order_id, event_type)
WHERE c.times IS NOT e.times AND c.order_id > ?
"""

# And nothing else was told of it.
TOLD_IN_VAIN = """
SELECT e.order_id, e.event_type, e.event_id FROM events AS e
LEFT JOIN changes AS c USING (order_id, event_type)
WHERE e.event_type IN ('OrderPlaced', 'OrderConfirmed', 'OrderCancelled', 'OrderShipped')
    AND c.order_id IS NULL AND e.order_id > ?
"""


def violations(evidence: Evidence, horizon: Horizon = EVERYTHING) -> Iterator[Violation]:
    """Yield what is wrong; of what is older than `horizon` the events may be gone."""
    yield from _of_groups(evidence, horizon.events)
    for service, subject, event_id in evidence.select(UNSAID, horizon.events):
        expected = f"{event_id} in the stream of {subject}, as its outbox says"
        yield Violation(Invariant.I7, "outbox", service, expected, "it is not there")
    for order_id, event_type, times, found in evidence.select(TOLD, horizon.orders):
        expected = f"{times} {event_type} in the stream, as in its history"
        yield of_order(Invariant.I7, order_id, expected=expected, found=f"{found}")
    for order_id, event_type, event_id in evidence.select(TOLD_IN_VAIN, horizon.orders):
        expected = f"no {event_type} in the stream: its history has none"
        yield of_order(Invariant.I7, order_id, expected=expected, found=event_id)


def _of_groups(evidence: Evidence, horizon: str) -> Iterator[Violation]:
    once = "in its inbox or in its dead letters"
    for service, subject, event_id, both in evidence.select(HEARD_ONCE):
        found = f"{event_id} in {'both' if both else 'neither'}"
        yield _of_group(service, expected=f"each event of {subject} {once}", found=found)
    for service, subject, stream, seq in evidence.select(UNREADABLE):
        expected = f"what is no event of {subject} in its dead letters"
        yield _of_group(service, expected=expected, found=f"{stream} {seq} is not there")
    for service, event_id, event_type in evidence.select(INVENTED, horizon):
        expected = "in its inbox only what a stream told it"
        found = f"{event_id} ({event_type or 'in no stream'})"
        yield _of_group(service, expected=expected, found=found)
    for service, subject, stream, seq, event_id in evidence.select(LETTERS_OF_NOTHING, horizon):
        expected = f"dead letters that {subject} has the original of"
        yield _of_group(service, expected=expected, found=f"{event_id or 'one'} of {stream} {seq}")


def _of_group(service: str, *, expected: str, found: str) -> Violation:
    return Violation(Invariant.I7, "group", service, expected, found)
