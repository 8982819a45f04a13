-- name: portfolio
-- Read all loans that had been booked by a day, with how each stood at its end.
SELECT
    l.loan_number,
    l.loan_id,
    coalesce(l.product_code, '') AS product,
    l.officer,
    l.place,
    l.industry,
    l.borrower_id::text AS borrower,
    l.currency,
    l.opened_on,
    coalesce((
        SELECT m.pd FROM monitoring.score AS m
        WHERE
            m.institution_id = l.institution_id
            AND m.loan_number = l.loan_number
            AND m.valid_on <= %(valid_on)s
        ORDER BY m.valid_on DESC
        LIMIT 1
    ), l.pd) AS pd,
    l.lgd,
    s.status,
    s.stage,
    s.principal_minor,
    s.accrual_base_minor + (s.accrual_target_minor - s.accrual_base_minor)
    * least(
        greatest(%(valid_on)s::date - s.accrual_from, 0), s.accrual_until - s.accrual_from
    )::numeric
    / (s.accrual_until - s.accrual_from) - s.interest_settled_minor AS interest,
    s.fees_minor,
    s.penalties_minor,
    s.credit_minor,
    s.overdue_principal_minor,
    s.overdue_interest_minor,
    s.overdue_fees_minor,
    s.overdue_penalties_minor,
    s.oldest_due,
    s.next_due,
    s.holds_until
FROM lending.loan AS l
INNER JOIN lending.standing AS s
    ON l.institution_id = s.institution_id AND l.loan_number = s.loan_number
WHERE
    l.institution_id = current_setting('karez.institution_id')::integer
    AND s.since <= %(valid_on)s
    AND s.until > %(valid_on)s
ORDER BY l.loan_number;

-- name: outlooks_of
-- Read what was foreseen of loans whose kept standing does not reach a day.
SELECT
    loan_number,
    stretches
FROM lending.outlook
WHERE
    institution_id = current_setting('karez.institution_id')::integer
    AND loan_number = any(%(loans)s::bigint[])
ORDER BY loan_number;

-- name: first_defaults
-- Find the first day on which each loan was so many days late, or given up, until a day.
SELECT
    loan_number,
    min(
        CASE
            WHEN status >= %(given_up)s THEN since
            ELSE greatest(since, oldest_due + %(days_late)s::integer)
        END
    ) AS defaulted_on
FROM lending.standing
WHERE
    institution_id = current_setting('karez.institution_id')::integer
    AND since <= %(valid_on)s
    AND (
        status >= %(given_up)s
        OR (
            oldest_due IS NOT NULL
            AND greatest(since, oldest_due + %(days_late)s::integer)
            < least(until, %(valid_on)s::date + 1)
        )
    )
GROUP BY loan_number;

-- name: terms_of
-- Read the terms of all loans, for what a tape says of them.
SELECT
    loan_number,
    terms
FROM lending.loan
WHERE institution_id = current_setting('karez.institution_id')::integer
ORDER BY loan_number;

-- name: paid_out
-- Read what was paid out of each loan until a day, without what was undone.
SELECT
    e.loan_number,
    sum(e.amount_minor)::bigint AS amount_minor
FROM lending.event AS e
WHERE
    e.institution_id = current_setting('karez.institution_id')::integer
    AND e.kind = 'disbursement'
    AND e.valid_on <= %(valid_on)s
    AND NOT EXISTS (
        SELECT 1 FROM lending.event AS u
        WHERE
            u.institution_id = e.institution_id
            AND u.loan_number = e.loan_number
            AND u.kind = 'undo'
            AND (u.content::jsonb ->> 'undone')::integer = e.number
    )
GROUP BY e.loan_number;
