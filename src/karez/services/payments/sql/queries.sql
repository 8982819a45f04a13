-- name: take_desk
-- Lock the counters of the institution; who takes statements or moves payments does so first.
SELECT
    statements,
    entries,
    acts,
    receipts,
    promises
FROM payments.desk
WHERE institution_id = current_setting('karez.institution_id')::integer
FOR UPDATE;

-- name: open_desk
-- Begin the counters of an institution.
INSERT INTO payments.desk (institution_id, statements, entries, acts, receipts, promises)
VALUES (current_setting('karez.institution_id')::integer, 0, 0, 0, 0, 0)
ON CONFLICT DO NOTHING;

-- name: move_desk
-- Keep how far the counters have come.
UPDATE payments.desk
SET
    statements = %(statements)s,
    entries = %(entries)s,
    acts = %(acts)s,
    receipts = %(receipts)s,
    promises = %(promises)s
WHERE institution_id = current_setting('karez.institution_id')::integer;

-- name: role
-- Say as whom this session acts.
SELECT current_user::text;

-- name: become
-- Act as another role until the end of the transaction.
SELECT set_config('role', %(role)s, TRUE);

-- name: statement_by_digest
-- Find a statement that was taken before.
SELECT
    statement_number,
    follows
FROM payments.statement
WHERE
    institution_id = current_setting('karez.institution_id')::integer
    AND digest = %(digest)s;

-- name: last_statement
-- Read the statement of a bank account that is the last by its day.
SELECT
    statement_number,
    number,
    channel,
    closed_on,
    closing_minor,
    bool_or(closing_minor IS NULL) OVER () AS has_notices
FROM payments.statement
WHERE
    institution_id = current_setting('karez.institution_id')::integer
    AND account = %(account)s
    AND currency = %(currency)s
ORDER BY closed_on DESC NULLS LAST, statement_number DESC
LIMIT 1;

-- name: statements
-- List what was taken, by bank account and in the order of days.
SELECT
    s.statement_number,
    s.account,
    s.number,
    s.currency,
    s.channel,
    s.opened_on,
    s.opening_minor,
    s.closed_on,
    s.closing_minor,
    s.movement_minor,
    s.entries,
    s.known_before,
    s.file,
    s.actor,
    s.recorded_at,
    (
        SELECT count(*) FROM payments.entry AS e
        WHERE
            e.institution_id = s.institution_id
            AND e.statement_number = s.statement_number
    ) AS taken
FROM payments.statement AS s
WHERE s.institution_id = current_setting('karez.institution_id')::integer
ORDER BY s.account, s.currency, s.closed_on NULLS LAST, s.opened_on, s.statement_number;

-- name: known_keys
-- Find which of these bookings were taken.
SELECT DISTINCT key
FROM payments.entry
WHERE
    institution_id = current_setting('karez.institution_id')::integer
    AND key = any(%(keys)s::bytea[]);

-- name: known_contents
-- Find which of these contents were taken, and whether each time with an id of the bank's.
SELECT
    content,
    bool_and(bank_reference <> '') AS identified
FROM payments.entry
WHERE
    institution_id = current_setting('karez.institution_id')::integer
    AND content = any(%(contents)s::bytea[])
GROUP BY content;

-- name: marks
-- Read what was told of loans about these values.
SELECT
    kind,
    value,
    loan_number
FROM payments.mark
WHERE
    institution_id = current_setting('karez.institution_id')::integer
    AND value = any(%(values)s::text[]);

-- name: learned_accounts
-- Find for which loans payments from these accounts were, as far as that still stands.
SELECT DISTINCT
    e.account,
    a.loan_number
FROM payments.entry AS e
INNER JOIN payments.act AS a
    ON
        e.institution_id = a.institution_id
        AND e.entry_number = a.entry_number
        AND a.kind IN ('match', 'assign')
WHERE
    e.institution_id = current_setting('karez.institution_id')::integer
    AND e.account = any(%(values)s::text[])
    AND NOT EXISTS (
        SELECT 1 FROM payments.act AS m
        WHERE m.institution_id = a.institution_id AND m.mirrors = a.act_number AND m.kind = 'undo'
    );

-- name: learned_mandates
-- Find for which loans payments under these mandates were, as far as that still stands.
SELECT DISTINCT
    e.mandate,
    a.loan_number
FROM payments.entry AS e
INNER JOIN payments.act AS a
    ON
        e.institution_id = a.institution_id
        AND e.entry_number = a.entry_number
        AND a.kind IN ('match', 'assign')
WHERE
    e.institution_id = current_setting('karez.institution_id')::integer
    AND e.mandate = any(%(values)s::text[])
    AND NOT EXISTS (
        SELECT 1 FROM payments.act AS m
        WHERE m.institution_id = a.institution_id AND m.mirrors = a.act_number AND m.kind = 'undo'
    );

-- name: loan_facts
-- Read what matching must know of loans, and of all others of the same borrowers if asked.
SELECT
    l.loan_number,
    l.borrower_id,
    l.currency,
    s.status,
    l.loan_id
FROM lending.loan AS l
INNER JOIN lending.standing AS s
    ON
        l.institution_id = s.institution_id
        AND l.loan_number = s.loan_number
        AND s.until = 'infinity'
WHERE
    l.institution_id = current_setting('karez.institution_id')::integer
    AND (
        l.loan_number = any(%(loans)s::bigint[])
        OR l.borrower_id IN (
            SELECT b.borrower_id FROM lending.loan AS b
            WHERE
                b.institution_id = current_setting('karez.institution_id')::integer
                AND b.loan_number = any(%(of_borrowers)s::bigint[])
        )
    );

-- name: borrower_names
-- Read the names under which these borrowers stand or stood.
SELECT DISTINCT
    p.party_id,
    p.spelled
FROM parties.party AS p
WHERE
    p.institution_id = current_setting('karez.institution_id')::integer
    AND p.party_id = any(%(parties)s::uuid[])
ORDER BY p.party_id, p.spelled;

-- name: namesakes
-- Find the loans of borrowers one of whose names has one of these words.
SELECT DISTINCT l.loan_number
FROM lending.loan AS l
INNER JOIN parties.party AS p
    ON l.institution_id = p.institution_id AND l.borrower_id = p.party_id
WHERE
    l.institution_id = current_setting('karez.institution_id')::integer
    AND l.currency = %(currency)s
    AND string_to_array(p.spelled, ' ') && %(words)s::text[]
ORDER BY l.loan_number;

-- name: originals
-- Find payments that came in of these amounts, which a reversal may take back: shares and rest.
SELECT
    e.entry_number,
    e.amount_minor,
    e.end_to_end,
    e.bank_reference,
    e.account,
    a.act_number,
    a.kind,
    a.amount_minor AS part_minor,
    a.loan_number,
    a.event_number
FROM payments.entry AS e
INNER JOIN payments.statement AS t
    ON
        e.institution_id = t.institution_id
        AND e.statement_number = t.statement_number
        AND t.account = %(account)s
INNER JOIN payments.act AS a
    ON
        e.institution_id = a.institution_id
        AND e.entry_number = a.entry_number
        AND a.kind IN ('match', 'assign', 'hold', 'place', 'return')
WHERE
    e.institution_id = current_setting('karez.institution_id')::integer
    AND e.amount_minor = any(%(amounts)s::bigint[])
    AND e.booked_on >= %(since)s
    AND NOT EXISTS (
        SELECT 1 FROM payments.act AS m
        WHERE m.institution_id = a.institution_id AND m.mirrors = a.act_number
    )
ORDER BY e.entry_number, a.act_number;

-- name: open_returns
-- Find what we gave back and no statement has shown yet.
SELECT
    a.act_number,
    a.amount_minor,
    e.account,
    e.end_to_end,
    a.valid_on
FROM payments.act AS a
INNER JOIN payments.entry AS e
    ON a.institution_id = e.institution_id AND a.entry_number = e.entry_number
INNER JOIN payments.statement AS t
    ON e.institution_id = t.institution_id AND e.statement_number = t.statement_number
WHERE
    a.institution_id = current_setting('karez.institution_id')::integer
    AND a.kind = 'return'
    AND a.amount_minor = any(%(amounts)s::bigint[])
    AND t.account = %(account)s
    AND NOT EXISTS (
        SELECT 1 FROM payments.act AS m
        WHERE m.institution_id = a.institution_id AND m.mirrors = a.act_number
    )
ORDER BY a.act_number;

-- name: open_disbursements
-- Find what was paid out on loans through an account and no statement has shown yet.
SELECT
    v.loan_number,
    v.number,
    v.amount_minor,
    v.valid_on
FROM lending.event AS v
INNER JOIN lending.loan AS l
    ON v.institution_id = l.institution_id AND v.loan_number = l.loan_number
WHERE
    v.institution_id = current_setting('karez.institution_id')::integer
    AND v.kind = 'disbursement'
    AND v.amount_minor = any(%(amounts)s::bigint[])
    AND coalesce(v.channel, %(channel)s) = %(channel)s
    AND l.currency = %(currency)s
    AND v.valid_on >= %(since)s
    AND NOT EXISTS (
        SELECT 1 FROM payments.act AS a
        WHERE
            a.institution_id = v.institution_id
            AND a.loan_number = v.loan_number
            AND a.event_number = v.number
            AND a.kind = 'confirm'
    )
ORDER BY v.loan_number, v.number;

-- name: open_payouts
-- Find what was sent by files through an account under these ids and no statement has shown yet.
SELECT
    p.amount_minor,
    f.execute_on,
    p.returns,
    p.account,
    p.end_to_end,
    p.loan_number,
    p.event_number,
    p.kind
FROM payments.payout AS p
INNER JOIN payments.payout_file AS f
    ON p.institution_id = f.institution_id AND p.file_number = f.file_number
LEFT JOIN payments.payout_refusal AS r
    ON
        p.institution_id = r.institution_id
        AND p.file_number = r.file_number
        AND p.line = r.line
WHERE
    p.institution_id = current_setting('karez.institution_id')::integer
    AND p.end_to_end = any(%(end_to_ends)s::text[])
    AND f.channel = %(channel)s
    AND f.currency = %(currency)s
    AND r.line IS NULL
    AND NOT EXISTS (
        SELECT 1 FROM payments.act AS a
        WHERE
            a.institution_id = p.institution_id
            AND a.kind = 'confirm'
            AND (
                (a.loan_number = p.loan_number AND a.event_number = p.event_number)
                OR a.mirrors = p.returns
            )
    )
ORDER BY p.file_number, p.line;

-- name: waiting_payouts
-- List what went out of an account in the book, and neither by a file nor on a statement.
SELECT
    v.kind,
    v.amount_minor,
    v.valid_on,
    v.loan_number,
    v.number AS event_number,
    NULL::bigint AS returns,
    y.name,
    y.account,
    y.bic,
    '' AS said,
    s.attempts,
    s.reason
FROM lending.event AS v
INNER JOIN lending.loan AS l
    ON v.institution_id = l.institution_id AND v.loan_number = l.loan_number
LEFT JOIN LATERAL (
    SELECT
        e.name,
        e.account,
        e.bic
    FROM payments.payee AS e
    WHERE
        e.institution_id = v.institution_id
        AND e.loan_number = v.loan_number
        AND e.kind = CASE v.kind WHEN 'disbursement' THEN 'disbursement' ELSE 'refund' END
    ORDER BY e.version DESC
    LIMIT 1
) AS y ON TRUE
CROSS JOIN
    LATERAL (
        SELECT
            count(p.line) AS attempts,
            count(p.line) - count(r.line) AS alive,
            (array_agg(r.code || ': ' || r.reason ORDER BY p.attempt DESC))[1] AS reason
        FROM payments.payout AS p
        LEFT JOIN payments.payout_refusal AS r
            ON
                p.institution_id = r.institution_id
                AND p.file_number = r.file_number
                AND p.line = r.line
        WHERE
            p.institution_id = v.institution_id
            AND p.loan_number = v.loan_number
            AND p.event_number = v.number
    ) AS s
WHERE
    v.institution_id = current_setting('karez.institution_id')::integer
    AND v.kind IN ('disbursement', 'credit-balance-refund')
    AND coalesce(v.channel, %(channel)s) = %(channel)s
    AND v.valid_on BETWEEN %(since)s AND %(through)s
    AND l.currency = %(currency)s
    AND s.alive = 0
    AND NOT EXISTS (
        SELECT 1 FROM payments.act AS a
        WHERE
            a.institution_id = v.institution_id
            AND a.loan_number = v.loan_number
            AND a.event_number = v.number
            AND a.kind = 'confirm'
    )
    AND NOT EXISTS (
        SELECT 1 FROM lending.event AS u
        WHERE
            u.institution_id = v.institution_id
            AND u.loan_number = v.loan_number
            AND u.kind = 'undo'
            AND (u.content::json ->> 'undone')::integer = v.number
    )
UNION ALL
SELECT
    a.kind,
    a.amount_minor,
    a.valid_on,
    NULL AS loan_number,
    NULL AS event_number,
    a.act_number AS returns,
    e.name,
    nullif(e.account, '') AS account,
    '' AS bic,
    concat_ws(' ', e.booked_on::text, e.remittance) AS said,
    s.attempts,
    s.reason
FROM payments.act AS a
INNER JOIN payments.entry AS e
    ON a.institution_id = e.institution_id AND a.entry_number = e.entry_number
INNER JOIN payments.statement AS t
    ON e.institution_id = t.institution_id AND e.statement_number = t.statement_number
CROSS JOIN
    LATERAL (
        SELECT
            count(p.line) AS attempts,
            count(p.line) - count(r.line) AS alive,
            (array_agg(r.code || ': ' || r.reason ORDER BY p.attempt DESC))[1] AS reason
        FROM payments.payout AS p
        LEFT JOIN payments.payout_refusal AS r
            ON
                p.institution_id = r.institution_id
                AND p.file_number = r.file_number
                AND p.line = r.line
        WHERE p.institution_id = a.institution_id AND p.returns = a.act_number
    ) AS s
WHERE
    a.institution_id = current_setting('karez.institution_id')::integer
    AND a.kind = 'return'
    AND a.ledger = %(channel)s
    AND a.valid_on BETWEEN %(since)s AND %(through)s
    AND t.currency = %(currency)s
    AND s.alive = 0
    AND NOT EXISTS (
        SELECT 1 FROM payments.act AS m
        WHERE m.institution_id = a.institution_id AND m.mirrors = a.act_number
    )
ORDER BY valid_on, loan_number NULLS LAST, event_number, returns;

-- name: alive_returns
-- Find which of these acts a file has sent that the bank has not refused.
SELECT
    p.returns,
    p.file_number
FROM payments.payout AS p
LEFT JOIN payments.payout_refusal AS r
    ON
        p.institution_id = r.institution_id
        AND p.file_number = r.file_number
        AND p.line = r.line
WHERE
    p.institution_id = current_setting('karez.institution_id')::integer
    AND p.returns = any(%(acts)s::bigint[])
    AND r.line IS NULL;

-- name: payees
-- Read where the money of a loan goes, the latest version of each kind.
SELECT DISTINCT ON (kind)
    kind,
    version,
    name,
    account,
    bic
FROM payments.payee
WHERE
    institution_id = current_setting('karez.institution_id')::integer
    AND loan_number = %(loan)s
ORDER BY kind ASC, version DESC;

-- name: last_payout_file
-- Read the number of the last file.
SELECT coalesce(max(file_number), 0)
FROM payments.payout_file
WHERE institution_id = current_setting('karez.institution_id')::integer;

-- name: bank_account
-- Read the bank account of the last statement that went to an account of the chart.
SELECT account
FROM payments.statement
WHERE
    institution_id = current_setting('karez.institution_id')::integer
    AND channel = %(channel)s
ORDER BY statement_number DESC
LIMIT 1;

-- name: payout_files
-- List the files of payouts, or one.
SELECT
    file_number,
    account,
    bic,
    name,
    channel,
    currency,
    execute_on,
    sum_minor,
    actor,
    recorded_at
FROM payments.payout_file
WHERE
    institution_id = current_setting('karez.institution_id')::integer
    AND (%(file)s::integer IS NULL OR file_number = %(file)s)
ORDER BY file_number;

-- name: payouts_of_files
-- List the payouts of these files, and what became of each.
SELECT
    p.file_number,
    p.line,
    p.kind,
    p.amount_minor,
    p.loan_number,
    p.event_number,
    p.returns,
    p.attempt,
    p.end_to_end,
    p.name,
    p.account,
    p.bic,
    p.remittance,
    CASE WHEN r.line IS NULL THEN '' ELSE r.code || ': ' || r.reason END AS refused,
    (
        SELECT count(*) > 0 FROM payments.act AS a
        WHERE
            a.institution_id = p.institution_id
            AND a.kind = 'confirm'
            AND (
                (a.loan_number = p.loan_number AND a.event_number = p.event_number)
                OR a.mirrors = p.returns
            )
    ) AS is_confirmed
FROM payments.payout AS p
LEFT JOIN payments.payout_refusal AS r
    ON
        p.institution_id = r.institution_id
        AND p.file_number = r.file_number
        AND p.line = r.line
WHERE
    p.institution_id = current_setting('karez.institution_id')::integer
    AND p.file_number = any(%(files)s::integer[])
ORDER BY p.file_number, p.line;

-- name: unbalanced_payout_files
-- Find files whose payouts are not as many, or not as much, as was said.
SELECT
    f.file_number,
    f.payouts,
    f.sum_minor,
    count(p.line) AS there,
    coalesce(sum(p.amount_minor), 0)::bigint AS there_minor
FROM payments.payout_file AS f
LEFT JOIN payments.payout AS p
    ON f.institution_id = p.institution_id AND f.file_number = p.file_number
WHERE f.institution_id = current_setting('karez.institution_id')::integer
GROUP BY f.file_number, f.payouts, f.sum_minor
HAVING count(p.line) <> f.payouts OR coalesce(sum(p.amount_minor), 0) <> f.sum_minor
ORDER BY f.file_number;

-- name: wrong_payouts
-- Find payouts that are in force, of what was undone, is less, or is in force twice.
WITH w AS (
    SELECT
        p.file_number,
        p.line,
        p.end_to_end,
        p.amount_minor,
        coalesce(v.amount_minor, a.amount_minor, 0) AS book_minor,
        count(*) OVER (PARTITION BY p.loan_number, p.event_number, p.returns) AS files
    FROM payments.payout AS p
    LEFT JOIN payments.payout_refusal AS r
        ON
            p.institution_id = r.institution_id
            AND p.file_number = r.file_number
            AND p.line = r.line
    LEFT JOIN lending.event AS v
        ON
            p.institution_id = v.institution_id
            AND p.loan_number = v.loan_number
            AND p.event_number = v.number
            AND v.kind IN ('disbursement', 'credit-balance-refund')
            AND NOT EXISTS (
                SELECT 1 FROM lending.event AS u
                WHERE
                    u.institution_id = v.institution_id
                    AND u.loan_number = v.loan_number
                    AND u.kind = 'undo'
                    AND (u.content::json ->> 'undone')::integer = v.number
            )
    LEFT JOIN payments.act AS a
        ON
            p.institution_id = a.institution_id
            AND p.returns = a.act_number
            AND a.kind = 'return'
            AND NOT EXISTS (
                SELECT 1 FROM payments.act AS m
                WHERE
                    m.institution_id = a.institution_id
                    AND m.mirrors = a.act_number
                    AND m.kind = 'undo'
            )
    WHERE
        p.institution_id = current_setting('karez.institution_id')::integer
        AND r.line IS NULL
)

SELECT
    w.end_to_end,
    w.amount_minor,
    w.book_minor,
    w.files
FROM w
WHERE w.amount_minor > w.book_minor OR w.files > 1
ORDER BY w.file_number, w.line;

-- name: queue
-- List payments of which something lies on suspense, the oldest first.
SELECT
    e.entry_number,
    sum(a.suspense_minor)::bigint AS open_minor
FROM payments.act AS a
INNER JOIN payments.entry AS e
    ON a.institution_id = e.institution_id AND a.entry_number = e.entry_number
WHERE
    a.institution_id = current_setting('karez.institution_id')::integer
    AND a.suspense_minor <> 0
GROUP BY e.entry_number, e.booked_on
HAVING sum(a.suspense_minor) <> 0
ORDER BY e.booked_on, e.entry_number;

-- name: entries
-- Read payments with the statement that each came in.
SELECT
    e.entry_number,
    e.statement_number,
    e.line,
    e.part,
    e.payments,
    e.booked_on,
    e.valid_on,
    e.amount_minor,
    e.is_reversal,
    e.bank_reference,
    e.end_to_end,
    e.mandate,
    e.creditor_reference,
    e.remittance,
    e.name,
    e.account,
    e.code,
    t.currency,
    t.channel
FROM payments.entry AS e
INNER JOIN payments.statement AS t
    ON e.institution_id = t.institution_id AND e.statement_number = t.statement_number
WHERE
    e.institution_id = current_setting('karez.institution_id')::integer
    AND e.entry_number = any(%(entries)s::bigint[])
ORDER BY e.entry_number;

-- name: acts
-- Read all that was done with payments, in order.
SELECT
    a.act_number,
    a.entry_number,
    a.kind,
    a.amount_minor,
    a.suspense_minor,
    a.loan_number,
    a.event_number,
    a.ledger,
    a.mirrors,
    a.rule,
    a.reason,
    a.evidence,
    a.valid_on,
    a.actor,
    a.recorded_at
FROM payments.act AS a
WHERE
    a.institution_id = current_setting('karez.institution_id')::integer
    AND a.entry_number = any(%(entries)s::bigint[])
ORDER BY a.act_number;

-- name: receipt
-- Read a receipt.
SELECT
    loan_number,
    event_number,
    amount_minor,
    received_on,
    outlet,
    channel
FROM payments.receipt
WHERE
    institution_id = current_setting('karez.institution_id')::integer
    AND receipt = %(receipt)s;

-- name: promises
-- List promises with what came in on the loan since each was made, until the day it was for.
SELECT
    p.promise_number,
    p.loan_number,
    p.made_on,
    p.promised_on,
    p.amount_minor,
    p.note,
    p.actor,
    l.currency,
    coalesce((
        SELECT sum(v.amount_minor) FROM lending.event AS v
        WHERE
            v.institution_id = p.institution_id
            AND v.loan_number = p.loan_number
            AND v.kind = 'payment'
            AND v.valid_on BETWEEN p.made_on AND p.promised_on
            AND v.recorded_at >= p.recorded_at
            AND NOT EXISTS (
                SELECT 1 FROM lending.event AS u
                WHERE
                    u.institution_id = v.institution_id
                    AND u.loan_number = v.loan_number
                    AND u.kind = 'undo'
                    AND (u.content::json ->> 'undone')::integer = v.number
            )
    ), 0)::bigint AS paid_minor
FROM payments.promise AS p
INNER JOIN lending.loan AS l
    ON p.institution_id = l.institution_id AND p.loan_number = l.loan_number
WHERE
    p.institution_id = current_setting('karez.institution_id')::integer
    AND (%(loans)s::bigint[] IS NULL OR p.loan_number = any(%(loans)s::bigint[]))
ORDER BY p.promised_on, p.promise_number;

-- name: unbalanced_statements
-- Find statements whose payments do not make up what the bank says that moved.
SELECT
    s.statement_number,
    s.movement_minor,
    s.entries - s.known_before AS wanted,
    count(e.entry_number) AS taken,
    coalesce(sum(e.amount_minor), 0)::bigint AS sum_minor
FROM payments.statement AS s
LEFT JOIN payments.entry AS e
    ON s.institution_id = e.institution_id AND s.statement_number = e.statement_number
WHERE s.institution_id = current_setting('karez.institution_id')::integer
GROUP BY s.statement_number, s.movement_minor, s.entries, s.known_before
HAVING
    count(e.entry_number) <> s.entries - s.known_before
    OR (s.known_before = 0 AND coalesce(sum(e.amount_minor), 0) <> s.movement_minor)
ORDER BY s.statement_number;

-- name: unplaced_entries
-- Find payments of which the acts of their taking do not place just the amount.
SELECT
    e.entry_number,
    e.amount_minor,
    coalesce(sum(a.amount_minor), 0)::bigint AS placed_minor
FROM payments.entry AS e
LEFT JOIN payments.act AS a
    ON
        e.institution_id = a.institution_id
        AND e.entry_number = a.entry_number
        AND a.kind IN ('match', 'hold', 'confirm', 'take-back')
WHERE e.institution_id = current_setting('karez.institution_id')::integer
GROUP BY e.entry_number, e.amount_minor
HAVING coalesce(sum(a.amount_minor), 0) <> e.amount_minor
ORDER BY e.entry_number;

-- name: overmoved_entries
-- Find payments of which more was moved off suspense than lay there.
SELECT
    e.entry_number,
    e.amount_minor,
    sum(a.suspense_minor)::bigint AS open_minor
FROM payments.entry AS e
INNER JOIN payments.act AS a
    ON e.institution_id = a.institution_id AND e.entry_number = a.entry_number
WHERE e.institution_id = current_setting('karez.institution_id')::integer
GROUP BY e.entry_number, e.amount_minor
HAVING
    sum(a.suspense_minor) * sign(e.amount_minor) < 0
    OR abs(sum(a.suspense_minor)) > abs(e.amount_minor)
ORDER BY e.entry_number;

-- name: lost_events
-- Find acts whose event on the loan is not there, or is not of the same amount.
SELECT
    a.act_number,
    a.loan_number,
    a.event_number
FROM payments.act AS a
LEFT JOIN lending.event AS v
    ON
        a.institution_id = v.institution_id
        AND a.loan_number = v.loan_number
        AND a.event_number = v.number
WHERE
    a.institution_id = current_setting('karez.institution_id')::integer
    AND a.loan_number IS NOT NULL
    AND (
        v.number IS NULL
        OR (a.kind IN ('match', 'assign', 'take-back') AND v.amount_minor <> abs(a.amount_minor))
    )
ORDER BY a.act_number;

-- name: suspense_by_currency
-- Sum what lies on suspense, by currency.
SELECT
    t.currency,
    sum(a.suspense_minor)::bigint AS open_minor
FROM payments.act AS a
INNER JOIN payments.entry AS e
    ON a.institution_id = e.institution_id AND a.entry_number = e.entry_number
INNER JOIN payments.statement AS t
    ON e.institution_id = t.institution_id AND e.statement_number = t.statement_number
WHERE a.institution_id = current_setting('karez.institution_id')::integer
GROUP BY t.currency
ORDER BY t.currency;

-- name: suspense_apart
-- Compare what acts moved on the suspense account by themselves with what was posted for them.
WITH moved AS (
    SELECT coalesce(sum(a.suspense_minor), 0)::bigint AS acts_minor
    FROM payments.act AS a
    LEFT JOIN payments.act AS m
        ON a.institution_id = m.institution_id AND a.mirrors = m.act_number
    WHERE
        a.institution_id = current_setting('karez.institution_id')::integer
        AND a.suspense_minor <> 0
        AND a.kind <> 'assign'
        AND (a.kind <> 'undo' OR m.kind <> 'assign')
),

posted AS (
    SELECT
        coalesce(sum(t.amount_minor) FILTER (WHERE t.credit_account = %(account)s), 0)::bigint
        - coalesce(sum(t.amount_minor) FILTER (WHERE t.debit_account = %(account)s), 0)::bigint
            AS posted_minor
    FROM money.transfer AS t
    INNER JOIN money.kind AS k ON t.institution_id = k.institution_id AND t.kind = k.kind
    WHERE
        t.institution_id = current_setting('karez.institution_id')::integer
        AND (t.debit_account = %(account)s OR t.credit_account = %(account)s)
        AND k.name = any(%(kinds)s::text[])
)

SELECT
    moved.acts_minor,
    posted.posted_minor
FROM moved
CROSS JOIN posted
WHERE moved.acts_minor <> posted.posted_minor;

-- name: acts_by_kind
-- Count what was done with payments.
SELECT
    kind,
    count(*) AS acts
FROM payments.act
WHERE institution_id = current_setting('karez.institution_id')::integer
GROUP BY kind
ORDER BY kind;

-- name: mirrored
-- Find which of these acts were taken back or confirmed.
SELECT mirrors
FROM payments.act
WHERE
    institution_id = current_setting('karez.institution_id')::integer
    AND mirrors = any(%(acts)s::bigint[]);

-- name: counted
-- Count what was taken.
SELECT
    (
        SELECT count(*) FROM payments.statement AS s
        WHERE s.institution_id = current_setting('karez.institution_id')::integer
    ) AS statements,
    (
        SELECT count(*) FROM payments.entry AS e
        WHERE e.institution_id = current_setting('karez.institution_id')::integer
    ) AS payments;
