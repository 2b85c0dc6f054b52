"""I5: what the mail sink received, held against what happened."""

from collections.abc import Iterator

from audit.evidence import Evidence
from audit.scope import EVERYTHING, Horizon
from audit.violations import Invariant, Violation, of_order

# The kind of mail that an event calls for.
_KIND = """
CASE e.event_type WHEN 'OrderConfirmed' THEN 'CONFIRMED' WHEN 'OrderCancelled' THEN 'CANCELLED'
    WHEN 'OrderShipped' THEN 'SHIPPED' WHEN 'PaymentRefunded' THEN 'REFUNDED' END
"""

# One mail is due for each kind of thing that happened, by the order's history and the ledger.
# Found are different Message-IDs. A mail that its server refused for good is a dead letter.
DUE = f"""
WITH due AS (
    SELECT order_id, {_KIND} AS kind FROM changes AS e WHERE event_type <> 'OrderPlaced'
    UNION SELECT order_id, 'REFUNDED' FROM movements
    WHERE kind = 'refund' AND status = 'succeeded' AND order_id IN (SELECT order_id FROM orders)
), sent AS (
    SELECT e.order_id, {_KIND} AS kind, count(*) AS mails
    FROM (SELECT DISTINCT event_id FROM mails) JOIN events AS e USING (event_id)
    GROUP BY 1, 2
), refused AS (
    SELECT e.order_id, {_KIND} AS kind FROM letters JOIN events AS e USING (event_id)
    WHERE service = 'email'
)
SELECT order_id, kind, 1, coalesce(mails, 0) FROM due LEFT JOIN sent USING (order_id, kind)
WHERE order_id > ?1 AND (mails > 1
    OR mails IS NULL AND (order_id, kind) NOT IN (SELECT order_id, kind FROM refused))
UNION ALL
SELECT sent.order_id, sent.kind, 0, mails FROM sent LEFT JOIN due USING (order_id, kind)
WHERE due.order_id IS NULL AND sent.kind IS NOT NULL
    AND sent.order_id IN (SELECT order_id FROM orders)
ORDER BY 1, 2
"""  # noqa: S608 - both parts are written here

# A mail says what happened, so it has an event.
UNCALLED = f"""
SELECT m.message_id, m.recipient, e.event_type
FROM mails AS m LEFT JOIN events AS e USING (event_id)
WHERE {_KIND} IS NULL AND (m.event_id > ? OR length(m.event_id) <> 36) ORDER BY 1
"""  # noqa: S608 - both parts are written here

# And it goes to who ordered.
ASTRAY = """
SELECT o.order_id, m.message_id, m.recipient, o.customer_email
FROM mails AS m JOIN events AS e USING (event_id) JOIN orders AS o USING (order_id)
WHERE lower(m.recipient) <> lower(o.customer_email)
"""

# The same mail, more than once.
REPEATED = "SELECT message_id, count(*) FROM mails GROUP BY 1 HAVING count(*) > 1 ORDER BY 1"

REPEATS = "SELECT count(*) - count(DISTINCT message_id) FROM mails"

REFUSED = "SELECT count(*) FROM letters WHERE service = 'email'"


def violations(evidence: Evidence, horizon: Horizon = EVERYTHING) -> Iterator[Violation]:
    """Yield what is wrong with the mails; of what is older than `horizon` the events are gone."""
    for order_id, kind, due, mails in evidence.select(DUE, horizon.orders):
        expected = f"one {kind} mail" if due else f"no {kind} mail: it did not happen"
        yield of_order(Invariant.I5, order_id, expected=expected, found=f"{mails} in the sink")
    for message_id, recipient, event_type in evidence.select(UNCALLED, horizon.events):
        found = f"a mail to {recipient}, about {event_type or 'no event of the streams'}"
        yield Violation(Invariant.I5, "mail", message_id, "something that calls for it", found)
    for order_id, message_id, recipient, customer in evidence.select(ASTRAY):
        found = f"{message_id} to {recipient}"
        yield of_order(Invariant.I5, order_id, expected=f"mails to {customer}", found=found)


def repeated(evidence: Evidence) -> Iterator[Violation]:
    """Yield each repeat, for whoever knows that the mail server's answer was never lost."""
    for message_id, times in evidence.select(REPEATED):
        expected = "sent once: no answer of the mail server was lost"
        yield Violation(Invariant.I5, "mail", message_id, expected, f"{times} in the sink")


def repeats(evidence: Evidence) -> int:
    """Return how many mails came again under the same Message-ID: allowed, and worth knowing."""
    ((count,),) = evidence.select(REPEATS)
    return int(count)


def refused(evidence: Evidence) -> int:
    """Return how many events are email's dead letters."""
    ((count,),) = evidence.select(REFUSED)
    return int(count)
