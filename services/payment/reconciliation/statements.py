"""The statements of the reconciliation; set-based, one for each thing that is done."""

TAKE_TURN = """
UPDATE reconciliation SET turn = turn + 1, next_at = $2 WHERE next_at <= $1
RETURNING turn, movement_id, movement_key, orders_until, refunds_until, since
"""

# The first statement of whatever is written: who lost the turn meanwhile, finds no row.
KEEP_TURN = """
UPDATE reconciliation SET movement_id = $2, movement_key = $3, orders_until = $4,
    refunds_until = $5, next_at = $6, finished_at = coalesce($7, finished_at)
WHERE turn = $1 RETURNING turn
"""

# The places of the charges that do not plainly agree: most do, and never leave Postgres. It says no
# more than the rules do (comparison.py), by which all others are judged.
DIFFERING = """
SELECT place
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::bigint[], $5::text[]) WITH ORDINALITY
    AS charge (order_id, key, charge_id, amount_cents, currency, place)
WHERE NOT EXISTS (SELECT FROM payments
    WHERE payments.order_id = charge.order_id AND charge_key = key
        AND payments.charge_id = charge.charge_id
        AND payments.amount_cents = charge.amount_cents AND payments.currency = charge.currency
        AND status IN ('SUCCESS', 'REFUNDED') AND check_at IS NULL)
ORDER BY place
"""

# In the order of what was asked for; a row of nulls for an order without a payment. Whatever the
# settlement has to look at is open.
ENTRIES = """
SELECT order_id, status, amount_cents, refunded_cents, currency, charge_key, charge_id, refund_key,
    updated_at, check_at IS NOT NULL AS is_open
FROM unnest($1::uuid[]) WITH ORDINALITY AS asked (order_id, place)
    LEFT JOIN payments USING (order_id)
ORDER BY place
"""

# New or, where a ledger that had begun anew is read again, in question once more.
QUESTION = """
INSERT INTO payment_mismatches (movement_id, key, kind, order_id, charge_id, amount_cents,
    currency, made_at, given_back_cents, first_seen_at, looked_at)
SELECT movement_id, key, kind, order_id, charge_id, amount_cents, currency, made_at, 0, $9, 'epoch'
FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[],
    $7::text[], $8::timestamptz[])
    AS new (movement_id, key, kind, order_id, charge_id, amount_cents, currency, made_at)
ON CONFLICT (key, movement_id) DO UPDATE
SET gone_at = NULL, problem = NULL, given_back_cents = 0, looked_at = 'epoch'
"""

# Charges that the ledger should have, or may have yet, of orders in this stretch.
EXPECTED_CHARGES = """
SELECT order_id AS place, charge_key AS key, order_id FROM payments
WHERE order_id > $1 AND order_id <= $2 AND amount_cents > 0
    AND (status IN ('SUCCESS', 'REFUNDED') OR check_at IS NOT NULL)
ORDER BY order_id FETCH FIRST ($3) ROWS WITH TIES
"""

# Refunds that were noted in this stretch of time. One that the ledger showed while it was still
# owed here stands among what is open.
EXPECTED_REFUNDS = """
SELECT updated_at AS place, refund_key AS key, order_id FROM payments
WHERE status = 'REFUNDED' AND updated_at > $1 AND updated_at <= $2
    AND NOT EXISTS (SELECT FROM payment_mismatches AS shown
        WHERE shown.key = refund_key AND shown.movement_id > 0 AND shown.gone_at IS NULL)
ORDER BY updated_at FETCH FIRST ($3) ROWS WITH TIES
"""

# What is expected, and the ledger has not shown so far.
AWAIT = """
INSERT INTO payment_mismatches (movement_id, kind, key, order_id, given_back_cents, first_seen_at,
    looked_at)
SELECT 0, $3, key, order_id, 0, $4, 'epoch'
FROM unnest($1::text[], $2::text[]) AS new (key, order_id)
ON CONFLICT (key, movement_id) DO UPDATE
SET gone_at = NULL, problem = NULL, looked_at = 'epoch'
"""

# What was awaited has come.
FORGET_AWAITED = """
WITH come AS MATERIALIZED (
    SELECT mismatch_id, problem FROM payment_mismatches
    WHERE key = ANY($1::text[]) AND movement_id = 0 AND gone_at IS NULL),
forgotten AS (
    DELETE FROM payment_mismatches AS awaited USING come
    WHERE awaited.mismatch_id = come.mismatch_id AND come.problem IS NULL)
UPDATE payment_mismatches AS awaited SET gone_at = $2 FROM come
WHERE awaited.mismatch_id = come.mismatch_id AND come.problem IS NOT NULL
"""

# Refunds of charges that should not be: each is counted with its page, once.
GIVE_BACK = """
UPDATE payment_mismatches AS charge
SET given_back_cents = charge.given_back_cents + refunded.cents
FROM (SELECT charge_id, sum(cents)::bigint AS cents
    FROM unnest($1::text[], $2::bigint[]) AS refund (charge_id, cents) GROUP BY charge_id)
    AS refunded
WHERE charge.charge_id = refunded.charge_id AND charge.kind = 'charge' AND charge.gone_at IS NULL
RETURNING charge.charge_id
"""

OPEN_ITEMS = """
SELECT mismatch_id, movement_id, key, kind, order_id, charge_id, amount_cents, currency, made_at,
    given_back_cents, problem
FROM payment_mismatches WHERE gone_at IS NULL AND looked_at < $1 ORDER BY looked_at LIMIT $2
"""

CONCLUDE = """
UPDATE payment_mismatches AS item
SET problem = coalesce(now.problem, item.problem),
    expected = coalesce(now.expected, item.expected), found = coalesce(now.found, item.found),
    gone_at = CASE WHEN now.is_gone THEN $6::timestamptz END, looked_at = $6::timestamptz
FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::bool[])
    AS now (mismatch_id, problem, expected, found, is_gone)
WHERE item.mismatch_id = now.mismatch_id
"""

LEAVE_LOST_LEDGER = """
UPDATE payment_mismatches SET gone_at = $1 WHERE gone_at IS NULL AND movement_id > 0
"""
