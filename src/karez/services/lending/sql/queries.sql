-- name: take_day
-- Lock the institution's business day; who books loans or ends a day does so first.
SELECT closed_on
FROM lending.day
WHERE institution_id = current_setting('karez.institution_id')::integer
FOR UPDATE;

-- name: begin_day
-- Let the first business day be the one after this.
INSERT INTO lending.day (institution_id, closed_on)
VALUES (current_setting('karez.institution_id')::integer, %(closed_on)s)
ON CONFLICT DO NOTHING;

-- name: closed_day
-- Read through which day the institution's days are ended.
SELECT closed_on
FROM lending.day
WHERE institution_id = current_setting('karez.institution_id')::integer;

-- name: begin_parts
-- Begin the parts that are new; their days are ended as far as those of the institution.
INSERT INTO lending.part (institution_id, part, closed_on)
SELECT
    current_setting('karez.institution_id')::integer,
    unnest(%(parts)s::integer[]),
    %(closed_on)s
ON CONFLICT DO NOTHING;

-- name: last_number
-- Find the number that was given last.
SELECT coalesce(max(loan_number), 0)
FROM lending.loan
WHERE institution_id = current_setting('karez.institution_id')::integer;

-- name: loan_numbers
-- Find the numbers of loans by their ids.
SELECT
    loan_id,
    loan_number
FROM lending.loan
WHERE
    institution_id = current_setting('karez.institution_id')::integer
    AND loan_id = any(%(loan_ids)s::uuid[]);

-- name: lock_parts
-- Keep the days of these parts from being ended; many may do so at once.
SELECT
    part,
    closed_on
FROM lending.part
WHERE
    institution_id = current_setting('karez.institution_id')::integer
    AND part = any(%(parts)s::integer[])
ORDER BY part
FOR SHARE;

-- name: lock_loans
-- Wait until nobody else records an event of these loans, and keep others waiting.
SELECT loan_number
FROM lending.outlook
WHERE
    institution_id = current_setting('karez.institution_id')::integer
    AND loan_number = any(%(loans)s::bigint[])
ORDER BY loan_number
FOR UPDATE;

-- name: loans
-- Read loans by their numbers.
SELECT
    loan_number,
    loan_id,
    product_code,
    product_version,
    borrower_id,
    currency,
    terms,
    late,
    opened_on,
    principal_account,
    interest_account,
    fee_account,
    credit_account,
    pd,
    lgd,
    officer,
    place,
    industry,
    application_id,
    reference,
    recorded_at,
    limit_minor,
    revolves_until
FROM lending.loan
WHERE
    institution_id = current_setting('karez.institution_id')::integer
    AND loan_number = any(%(loans)s::bigint[])
ORDER BY loan_number;

-- name: find_loan_numbers
-- Find the numbers of loans by what people know of them; what is not given is not asked.
SELECT l.loan_number
FROM lending.loan AS l
WHERE
    l.institution_id = current_setting('karez.institution_id')::integer
    AND l.loan_number > %(after)s
    AND (%(borrower_id)s::uuid IS NULL OR l.borrower_id = %(borrower_id)s::uuid)
    AND (%(reference)s::text IS NULL OR l.reference = %(reference)s::text)
    AND (
        %(status)s::smallint IS NULL
        OR EXISTS (
            SELECT 1 FROM lending.standing AS s
            WHERE
                s.institution_id = l.institution_id
                AND s.loan_number = l.loan_number
                AND s.until = 'infinity'
                AND s.status = %(status)s::smallint
        )
    )
ORDER BY l.loan_number
LIMIT %(most)s;

-- name: overdue
-- List loans that are late since days between two, the latest first, then by what is late.
SELECT
    oldest_due,
    -(
        overdue_principal_minor + overdue_interest_minor
        + overdue_fees_minor + overdue_penalties_minor
    ) AS amount_negated,
    loan_number
FROM lending.standing
WHERE
    institution_id = current_setting('karez.institution_id')::integer
    AND until = 'infinity'
    AND oldest_due IS NOT NULL
    AND oldest_due BETWEEN %(first_due)s AND %(last_due)s
    AND (
        oldest_due,
        -(
            overdue_principal_minor + overdue_interest_minor
            + overdue_fees_minor + overdue_penalties_minor
        ),
        loan_number
    ) > (%(oldest_due)s::date, %(amount_negated)s::bigint, %(loan_number)s::bigint)
ORDER BY oldest_due, amount_negated, loan_number
LIMIT %(most)s;

-- name: named_numbers
-- Find the numbers of loans by names that people use; a reference may be that of several.
SELECT
    loan_number::text AS name,
    loan_number
FROM lending.loan
WHERE
    institution_id = current_setting('karez.institution_id')::integer
    AND loan_number = any(%(numbers)s::bigint[])
UNION ALL
SELECT
    loan_id::text,
    loan_number
FROM lending.loan
WHERE
    institution_id = current_setting('karez.institution_id')::integer
    AND loan_id = any(%(loan_ids)s::uuid[])
UNION ALL
SELECT
    reference,
    loan_number
FROM lending.loan
WHERE
    institution_id = current_setting('karez.institution_id')::integer
    AND reference <> ''
    AND reference = any(%(called)s::text[]);

-- name: part_numbers
-- List the numbers of the loans of a part.
SELECT loan_number
FROM lending.loan
WHERE
    institution_id = current_setting('karez.institution_id')::integer
    AND loan_number BETWEEN %(first)s AND %(last)s
ORDER BY loan_number;

-- name: parts
-- List the parts, and through which day the days of each are ended.
SELECT
    part,
    closed_on
FROM lending.part
WHERE institution_id = current_setting('karez.institution_id')::integer
ORDER BY part;

-- name: events
-- Read the events of loans in the order in which they were entered.
SELECT
    loan_number,
    kind,
    content,
    channel,
    amount_minor,
    command_id,
    actor,
    reason,
    recorded_at
FROM lending.event
WHERE
    institution_id = current_setting('karez.institution_id')::integer
    AND loan_number = any(%(loans)s::bigint[])
    AND recorded_at <= coalesce(%(known_at)s::timestamptz, 'infinity')
ORDER BY loan_number, number;

-- name: events_by_command
-- Find the events that these commands made, to answer a command that comes twice.
SELECT
    e.command_id,
    l.loan_id,
    e.loan_number,
    e.number,
    e.kind,
    e.content,
    e.channel,
    e.amount_minor
FROM lending.event AS e
INNER JOIN lending.loan AS l
    ON e.institution_id = l.institution_id AND e.loan_number = l.loan_number
WHERE
    e.institution_id = current_setting('karez.institution_id')::integer
    AND e.command_id = any(%(command_ids)s::uuid[]);

-- name: stages
-- Read the stages of loans on the days of rows that are about to be written anew.
SELECT
    s.loan_number,
    s.since,
    s.stage
FROM lending.standing AS s
INNER JOIN unnest(%(loans)s::bigint[], %(sinces)s::date[]) AS n (loan_number, since)
    ON s.loan_number = n.loan_number AND s.until > n.since
WHERE s.institution_id = current_setting('karez.institution_id')::integer
ORDER BY s.loan_number, s.since;

-- name: drop_standings
-- Take away how loans stood since a day each.
DELETE FROM lending.standing AS s
USING unnest(%(loans)s::bigint[], %(sinces)s::date[]) AS n (loan_number, since)
WHERE
    s.institution_id = current_setting('karez.institution_id')::integer
    AND s.loan_number = n.loan_number
    AND s.since >= n.since;

-- name: cut_standings
-- Let how loans stood before end on a day each.
UPDATE lending.standing AS s
SET until = n.since
FROM unnest(%(loans)s::bigint[], %(sinces)s::date[]) AS n (loan_number, since)
WHERE
    s.institution_id = current_setting('karez.institution_id')::integer
    AND s.loan_number = n.loan_number
    AND s.since < n.since
    AND s.until > n.since;

-- name: set_outlooks
-- Write what follows for loans until something happens again.
UPDATE lending.outlook AS o
SET stretches = n.stretches
FROM unnest(%(loans)s::bigint[], %(stretches)s::bytea[]) AS n (loan_number, stretches)
WHERE
    o.institution_id = current_setting('karez.institution_id')::integer
    AND o.loan_number = n.loan_number;

-- name: give_accounts
-- Give loans the account of fees or of credit that they now have of their own.
UPDATE lending.loan AS l
SET
    fee_account = CASE WHEN %(is_fee)s THEN n.account ELSE l.fee_account END,
    credit_account = CASE WHEN %(is_fee)s THEN l.credit_account ELSE n.account END
FROM unnest(%(loans)s::bigint[], %(accounts)s::bigint[]) AS n (loan_number, account)
WHERE
    l.institution_id = current_setting('karez.institution_id')::integer
    AND l.loan_number = n.loan_number;

-- name: standings_on
-- Read how loans stood on a day.
SELECT DISTINCT ON (loan_number)
    loan_number,
    since,
    nullif(until, 'infinity') AS until,
    status,
    stage,
    principal_minor,
    interest_settled_minor,
    fees_minor,
    penalties_minor,
    credit_minor,
    overdue_principal_minor,
    overdue_interest_minor,
    overdue_fees_minor,
    overdue_penalties_minor,
    oldest_due,
    next_due,
    accrual_from,
    accrual_until,
    accrual_base_minor,
    accrual_target_minor,
    fee_income_base_minor,
    fee_income_target_minor,
    holds_until
FROM lending.standing
WHERE
    institution_id = current_setting('karez.institution_id')::integer
    AND loan_number = any(%(loans)s::bigint[])
    AND since <= %(valid_on)s
ORDER BY loan_number ASC, since DESC;

-- name: standings
-- Read how loans stood on every day.
SELECT
    loan_number,
    since,
    nullif(until, 'infinity') AS until,
    status,
    stage,
    principal_minor,
    interest_settled_minor,
    fees_minor,
    penalties_minor,
    credit_minor,
    overdue_principal_minor,
    overdue_interest_minor,
    overdue_fees_minor,
    overdue_penalties_minor,
    oldest_due,
    next_due,
    accrual_from,
    accrual_until,
    accrual_base_minor,
    accrual_target_minor,
    fee_income_base_minor,
    fee_income_target_minor,
    holds_until
FROM lending.standing
WHERE
    institution_id = current_setting('karez.institution_id')::integer
    AND loan_number = any(%(loans)s::bigint[])
ORDER BY loan_number, since;

-- name: outlooks
-- Read what was foreseen of loans.
SELECT
    loan_number,
    stretches
FROM lending.outlook
WHERE
    institution_id = current_setting('karez.institution_id')::integer
    AND loan_number = any(%(loans)s::bigint[]);

-- name: instant
-- Tell the instant at which rows are recorded now.
SELECT clock_timestamp();

-- name: role
-- Tell under which role this session acts.
SELECT current_setting('role');

-- name: become
-- Take a role until the end of the transaction or the next change.
SELECT set_config('role', %(role)s, TRUE);
