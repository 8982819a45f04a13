-- name: lock_applications
-- Lock applications, in one order, until the transaction ends.
SELECT a.application_id
FROM origination.application AS a
WHERE
    a.institution_id = current_setting('karez.institution_id')::integer
    AND a.application_id = any(%(application_ids)s::uuid[])
ORDER BY a.application_id
FOR UPDATE;

-- name: known_commands
-- Find which of these commands were carried out, and on what.
SELECT
    e.command_id,
    e.application_id,
    e.kind
FROM origination.event AS e
WHERE
    e.institution_id = current_setting('karez.institution_id')::integer
    AND e.command_id = any(%(command_ids)s::uuid[]);

-- name: events
-- Read the events of applications, in order.
SELECT
    e.application_id,
    e.number,
    e.command_id,
    e.kind,
    e.valid_on,
    e.content,
    e.actor,
    e.reason,
    e.recorded_at
FROM origination.event AS e
WHERE
    e.institution_id = current_setting('karez.institution_id')::integer
    AND e.application_id = any(%(application_ids)s::uuid[])
ORDER BY e.application_id, e.number;

-- name: add_applications
-- Add applications.
INSERT INTO origination.application (
    institution_id, application_id, borrower_id, product_code, officer, submitted_on, currency,
    amount_minor, stage, event_count
)
SELECT
    current_setting('karez.institution_id')::integer AS institution_id,
    r.application_id,
    r.borrower_id,
    r.product_code,
    r.officer,
    r.submitted_on,
    r.currency,
    r.amount_minor,
    r.stage,
    r.event_count
FROM jsonb_to_recordset(%(rows)s::jsonb) AS r (
    application_id uuid, borrower_id uuid, product_code text, officer text, submitted_on date,
    currency text, amount_minor bigint, stage text, event_count integer
);

-- name: move_applications
-- Write what follows from the events of applications.
UPDATE origination.application AS a
SET amount_minor = r.amount_minor, stage = r.stage, event_count = r.event_count
FROM
    jsonb_to_recordset(%(rows)s::jsonb)
        AS r (
            application_id uuid, amount_minor bigint, stage text, event_count integer
        )
WHERE
    a.institution_id = current_setting('karez.institution_id')::integer
    AND a.application_id = r.application_id;

-- name: add_events
-- Add events of applications.
INSERT INTO origination.event (
    institution_id, application_id, number, command_id, kind, valid_on, content, actor, reason
)
SELECT
    current_setting('karez.institution_id')::integer AS institution_id,
    r.application_id,
    r.number,
    r.command_id,
    r.kind,
    r.valid_on,
    r.content,
    r.actor,
    r.reason
FROM jsonb_to_recordset(%(rows)s::jsonb) AS r (
    application_id uuid, number integer, command_id uuid, kind text, valid_on date, content text,
    actor text, reason text
);

-- name: list_applications
-- List applications by what they are found by, the latest first; what is NULL does not matter.
SELECT a.application_id
FROM origination.application AS a
WHERE
    a.institution_id = current_setting('karez.institution_id')::integer
    AND (%(stage)s::text IS NULL OR a.stage = %(stage)s)
    AND (%(product_code)s::text IS NULL OR a.product_code = %(product_code)s)
    AND (%(officer)s::text IS NULL OR a.officer = %(officer)s)
    AND (%(borrower_ids)s::uuid[] IS NULL OR a.borrower_id = any(%(borrower_ids)s))
    AND (
        %(after_id)s::uuid IS NULL
        OR (a.submitted_on, a.application_id) < (%(after_on)s::date, %(after_id)s::uuid)
    )
ORDER BY a.submitted_on DESC, a.application_id DESC
LIMIT %(most)s;

-- name: owed_by_borrowers
-- Sum what borrowers owe on loans, and what is on the way to it, by currency.
SELECT
    o.borrower_id,
    o.currency,
    sum(o.amount_minor) AS owed_minor
FROM (
    SELECT
        l.borrower_id,
        l.currency,
        s.principal_minor AS amount_minor
    FROM lending.loan AS l
    INNER JOIN lending.standing AS s
        ON l.institution_id = s.institution_id AND l.loan_number = s.loan_number
    WHERE
        l.institution_id = current_setting('karez.institution_id')::integer
        AND l.borrower_id = any(%(borrower_ids)s::uuid[])
        AND s.until = 'infinity'
    UNION ALL
    SELECT
        a.borrower_id,
        a.currency,
        a.amount_minor
    FROM origination.application AS a
    WHERE
        a.institution_id = current_setting('karez.institution_id')::integer
        AND a.borrower_id = any(%(borrower_ids)s::uuid[])
        AND a.stage IN ('priced', 'approved', 'offered', 'accepted')
        AND a.application_id <> all(%(application_ids)s::uuid[])
) AS o
GROUP BY o.borrower_id, o.currency;

-- name: owed_by_products
-- Sum what is owed on loans of products, and what is on the way to it.
SELECT
    o.product_code,
    sum(o.amount_minor) AS owed_minor
FROM (
    SELECT
        l.product_code,
        s.principal_minor AS amount_minor
    FROM lending.loan AS l
    INNER JOIN lending.standing AS s
        ON l.institution_id = s.institution_id AND l.loan_number = s.loan_number
    WHERE
        l.institution_id = current_setting('karez.institution_id')::integer
        AND l.product_code = any(%(product_codes)s::text[])
        AND s.until = 'infinity'
    UNION ALL
    SELECT
        a.product_code,
        a.amount_minor
    FROM origination.application AS a
    WHERE
        a.institution_id = current_setting('karez.institution_id')::integer
        AND a.product_code = any(%(product_codes)s::text[])
        AND a.stage IN ('priced', 'approved', 'offered', 'accepted')
        AND a.application_id <> all(%(application_ids)s::uuid[])
) AS o
GROUP BY o.product_code;

-- name: repaid_by_borrowers
-- Find the largest loan that each borrower has repaid, by currency.
SELECT
    r.borrower_id,
    r.currency,
    max(r.lent_minor) AS repaid_minor
FROM (
    SELECT
        l.borrower_id,
        l.currency,
        sum(e.amount_minor) AS lent_minor
    FROM lending.loan AS l
    INNER JOIN lending.standing AS s
        ON l.institution_id = s.institution_id AND l.loan_number = s.loan_number
    INNER JOIN lending.event AS e
        ON l.institution_id = e.institution_id AND l.loan_number = e.loan_number
    WHERE
        l.institution_id = current_setting('karez.institution_id')::integer
        AND l.borrower_id = any(%(borrower_ids)s::uuid[])
        AND s.until = 'infinity'
        AND s.status IN (2, 3) -- paid off, or paid too much
        AND e.kind = 'disbursement'
    GROUP BY l.borrower_id, l.currency, l.loan_number
) AS r
GROUP BY r.borrower_id, r.currency;

-- name: application_heads
-- Read what is kept of every application beside its events.
SELECT
    a.application_id,
    a.amount_minor,
    a.stage,
    a.event_count
FROM origination.application AS a
WHERE a.institution_id = current_setting('karez.institution_id')::integer
ORDER BY a.application_id;

-- name: group_loans
-- Find the loans that were asked for in groups, which are among these parties or which one of them
-- is or was in, and when each was asked for.
SELECT DISTINCT
    l.loan_number,
    t.other_id AS group_id,
    e.valid_on
FROM parties.tie AS t
INNER JOIN lending.loan AS l
    ON t.institution_id = l.institution_id AND t.party_id = l.borrower_id
INNER JOIN origination.event AS e
    ON l.institution_id = e.institution_id AND l.application_id = e.application_id AND e.number = 1
WHERE
    t.institution_id = current_setting('karez.institution_id')::integer
    AND t.kind = 'member-of'
    AND l.opened_on <= %(day)s
    AND (e.content::jsonb ->> 'group')::uuid = t.other_id
    AND t.other_id IN (
        SELECT m.other_id
        FROM parties.tie AS m
        WHERE
            m.institution_id = t.institution_id
            AND m.kind = 'member-of'
            AND (
                m.party_id = any(%(party_ids)s::uuid[]) OR m.other_id = any(%(party_ids)s::uuid[])
            )
    )
ORDER BY l.loan_number;
