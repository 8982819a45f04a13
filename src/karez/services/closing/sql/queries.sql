-- name: closed_through
-- Read the day through which all loans are ended.
SELECT closed_on FROM lending.day
WHERE institution_id = current_setting('karez.institution_id')::integer;

-- name: count_loans
-- Count the loans that are not done with.
SELECT count(*) FROM lending.standing
WHERE
    institution_id = current_setting('karez.institution_id')::integer
    AND until = 'infinity'
    AND stage > 0;

-- name: parts_behind
-- List the parts whose loans are not ended through this day.
SELECT part FROM lending.part
WHERE
    institution_id = current_setting('karez.institution_id')::integer
    AND closed_on < %(day)s
ORDER BY part;

-- name: lock_part
-- Keep events out of a part until the transaction ends; tell through which day it is ended.
SELECT closed_on FROM lending.part
WHERE
    institution_id = current_setting('karez.institution_id')::integer
    AND part = %(part)s
FOR UPDATE;

-- name: part_loans
-- Read by column how the loans of a part stand on a day, but those that are done with.
WITH standing AS (
    SELECT * FROM lending.standing
    WHERE
        institution_id = current_setting('karez.institution_id')::integer
        AND loan_number >= %(part)s::bigint << 13
        AND loan_number < (%(part)s::bigint + 1) << 13
        AND until = 'infinity'
        AND since <= %(day)s
        AND stage > 0
    UNION ALL
    -- Events that were entered on days after this one have ended rows since.
    SELECT * FROM lending.standing
    WHERE
        institution_id = current_setting('karez.institution_id')::integer
        AND loan_number >= %(part)s::bigint << 13
        AND loan_number < (%(part)s::bigint + 1) << 13
        AND until > %(day)s
        AND until <> 'infinity'
        AND since <= %(day)s
        AND stage > 0
),

loan AS (
    SELECT
        s.*,
        l.interest_account,
        l.fee_account,
        l.pd,
        l.lgd,
        hashtextextended(l.product_code, l.product_version) AS product_key,
        hashtextextended(l.late, 0) AS late_key
    FROM standing AS s
    INNER JOIN lending.loan AS l
        ON s.institution_id = l.institution_id AND s.loan_number = l.loan_number
    ORDER BY s.loan_number
)

SELECT
    array_agg(loan_number) AS loan_number,
    array_agg(since) AS since,
    array_agg(until) AS until,
    array_agg(status) AS status,
    array_agg(stage) AS stage,
    array_agg(principal_minor) AS principal_minor,
    array_agg(interest_settled_minor) AS interest_settled_minor,
    array_agg(fees_minor) AS fees_minor,
    array_agg(penalties_minor) AS penalties_minor,
    array_agg(credit_minor) AS credit_minor,
    array_agg(overdue_principal_minor) AS overdue_principal_minor,
    array_agg(overdue_interest_minor) AS overdue_interest_minor,
    array_agg(overdue_fees_minor) AS overdue_fees_minor,
    array_agg(overdue_penalties_minor) AS overdue_penalties_minor,
    array_agg(coalesce(oldest_due - '2000-01-01'::date, -1)) AS oldest_due,
    array_agg(coalesce(next_due - '2000-01-01'::date, -1)) AS next_due,
    array_agg(accrual_from) AS accrual_from,
    array_agg(accrual_until) AS accrual_until,
    array_agg(accrual_base_minor) AS accrual_base_minor,
    array_agg(accrual_target_minor) AS accrual_target_minor,
    array_agg(fee_income_base_minor) AS fee_income_base_minor,
    array_agg(fee_income_target_minor) AS fee_income_target_minor,
    array_agg(holds_until) AS holds_until,
    array_agg(interest_account) AS interest_account,
    array_agg(coalesce(fee_account, 0)) AS fee_account,
    array_agg(pd) AS pd,
    array_agg(lgd) AS lgd,
    array_agg(coalesce(product_key, 0)) AS product_key,
    array_agg(late_key) AS late_key
FROM loan;

-- name: scores
-- Read by column the default probability of the last fresh score of loans of a part. None is as of
-- a day after the one that is being ended.
SELECT
    array_agg(loan_number) AS loan_number,
    array_agg(pd) AS pd
FROM monitoring.newest
WHERE
    institution_id = current_setting('karez.institution_id')::integer
    AND loan_number >= %(part)s::bigint << 13
    AND loan_number < (%(part)s::bigint + 1) << 13;

-- name: income_before
-- Read by column how income of these loans grew until this day.
WITH standing AS (
    SELECT * FROM lending.standing
    WHERE
        institution_id = current_setting('karez.institution_id')::integer
        AND loan_number = any(%(loans)s::bigint[])
        AND until = %(day)s
)

SELECT
    array_agg(loan_number) AS loan_number,
    array_agg(accrual_from) AS accrual_from,
    array_agg(accrual_until) AS accrual_until,
    array_agg(accrual_base_minor) AS accrual_base_minor,
    array_agg(accrual_target_minor) AS accrual_target_minor,
    array_agg(fee_income_base_minor) AS fee_income_base_minor,
    array_agg(fee_income_target_minor) AS fee_income_target_minor
FROM standing;

-- name: outlooks
-- Read the outlooks of these loans as one string, in order of number, and the length of each.
WITH outlook AS (
    SELECT
        loan_number,
        stretches
    FROM lending.outlook
    WHERE
        institution_id = current_setting('karez.institution_id')::integer
        AND loan_number = any(%(loans)s::bigint[])
    ORDER BY loan_number
)

SELECT
    array_agg(loan_number) AS loan_number,
    array_agg(octet_length(stretches)) AS size,
    string_agg(stretches, ''::bytea) AS stretches
FROM outlook;

-- name: institution
-- Tell whose transaction this is.
SELECT current_setting('karez.institution_id')::integer AS institution_id;

-- name: easings
-- Read by column when the terms of a loan of a part were last eased, and whether it was in default.
WITH eased AS (
    SELECT DISTINCT ON (e.loan_number)
        e.loan_number,
        e.valid_on,
        coalesce((
            SELECT bool_or(s.stage = 3) FROM lending.standing AS s
            WHERE
                s.institution_id = e.institution_id
                AND s.loan_number = e.loan_number
                AND s.since < e.valid_on
                AND s.until >= e.valid_on
        ), FALSE) AS in_default
    FROM lending.event AS e
    WHERE
        e.institution_id = current_setting('karez.institution_id')::integer
        AND e.kind IN ('re-age', 're-amortise', 'extension', 'interest-pause')
        AND e.loan_number >= %(part)s::bigint << 13
        AND e.loan_number < (%(part)s::bigint + 1) << 13
        AND e.valid_on <= %(day)s
        AND NOT EXISTS (
            SELECT 1 FROM lending.event AS u
            WHERE
                u.institution_id = e.institution_id
                AND u.loan_number = e.loan_number
                AND u.kind = 'undo'
                AND (u.content::jsonb ->> 'undone')::integer = e.number
        )
    ORDER BY e.loan_number ASC, e.valid_on DESC
)

SELECT
    array_agg(loan_number) AS loan_number,
    array_agg(valid_on) AS valid_on,
    array_agg(in_default) AS in_default
FROM eased;

-- name: set_aside
-- Read by column what was last set aside for each of these loans, and in which stage.
WITH last AS (
    SELECT DISTINCT ON (loan_number)
        loan_number,
        stage,
        allowance_minor
    FROM closing.allowance
    WHERE
        institution_id = current_setting('karez.institution_id')::integer
        AND loan_number = any(%(loans)s::bigint[])
    ORDER BY loan_number ASC, valid_on DESC
)

SELECT
    array_agg(loan_number) AS loan_number,
    array_agg(stage) AS stage,
    array_agg(allowance_minor) AS allowance_minor
FROM last;

-- name: rates
-- Read by column the rates at which these loans were agreed.
WITH loan AS (
    SELECT
        loan_number,
        (terms::jsonb ->> 'rate_pct_year')::double precision AS rate_pct_year
    FROM lending.loan
    WHERE
        institution_id = current_setting('karez.institution_id')::integer
        AND loan_number = any(%(loans)s::bigint[])
    ORDER BY loan_number
)

SELECT
    array_agg(loan_number) AS loan_number,
    array_agg(rate_pct_year) AS rate_pct_year
FROM loan;

-- name: end_standings
-- Let how these loans stood end before this day.
UPDATE lending.standing SET until = %(day)s
WHERE
    institution_id = current_setting('karez.institution_id')::integer
    AND loan_number = any(%(loans)s::bigint[])
    AND since < %(day)s
    AND until > %(day)s;

-- name: drop_standings
-- Take away how these loans stand from this very day on; it is written anew.
DELETE FROM lending.standing
WHERE
    institution_id = current_setting('karez.institution_id')::integer
    AND loan_number = any(%(loans)s::bigint[])
    AND since = %(day)s;

-- name: restage
-- Let these loans go on in the stage that each has on this day.
UPDATE lending.standing AS s SET stage = today.stage
FROM lending.standing AS today
WHERE
    s.institution_id = current_setting('karez.institution_id')::integer
    AND s.loan_number = any(%(loans)s::bigint[])
    AND s.since > %(day)s
    AND today.institution_id = s.institution_id
    AND today.loan_number = s.loan_number
    AND today.since = %(day)s;

-- name: end_part
-- Say that a part is ended through this day, and what that brought.
WITH ended AS (
    UPDATE lending.part SET closed_on = %(day)s
    WHERE
        institution_id = current_setting('karez.institution_id')::integer
        AND part = %(part)s
)

INSERT INTO closing.part_day (
    institution_id, valid_on, part, loan_count, posting_count, moved_minor, changed_count,
    late_count, provided_count
)
VALUES (
    current_setting('karez.institution_id')::integer, %(day)s, %(part)s, %(loan_count)s,
    %(posting_count)s, %(moved_minor)s, %(changed_count)s, %(late_count)s, %(provided_count)s
);

-- name: end_day
-- Say that all loans are ended through this day, if they are.
UPDATE lending.day AS d SET closed_on = %(day)s
WHERE
    d.institution_id = current_setting('karez.institution_id')::integer
    AND d.closed_on < %(day)s
    AND NOT EXISTS (
        SELECT 1 FROM lending.part AS p
        WHERE p.institution_id = d.institution_id AND p.closed_on < %(day)s
    );

-- name: day_end
-- Add up what the end of a day brought to all parts.
SELECT
    coalesce(sum(loan_count), 0)::bigint AS loan_count,
    coalesce(sum(posting_count), 0)::bigint AS posting_count,
    coalesce(sum(moved_minor), 0)::bigint AS moved_minor,
    coalesce(sum(changed_count), 0)::bigint AS changed_count,
    coalesce(sum(late_count), 0)::bigint AS late_count,
    coalesce(sum(provided_count), 0)::bigint AS provided_count
FROM closing.part_day
WHERE
    institution_id = current_setting('karez.institution_id')::integer
    AND valid_on = %(day)s;

-- name: ended_days
-- Count by part the days that were ended, with the first and the last, and what lending says.
SELECT
    p.part,
    count(d.valid_on) AS days,
    min(d.valid_on) AS first_day,
    max(d.valid_on) AS last_day,
    p.closed_on,
    (
        SELECT y.closed_on FROM lending.day AS y
        WHERE y.institution_id = p.institution_id
    ) AS all_closed_on
FROM lending.part AS p
LEFT JOIN closing.part_day AS d
    ON p.institution_id = d.institution_id AND p.part = d.part
WHERE p.institution_id = current_setting('karez.institution_id')::integer
GROUP BY p.institution_id, p.part, p.closed_on
ORDER BY p.part;

-- name: stages_apart
-- List the loans whose stage is not that by which they were last provided for, 1 without any; but
-- those of which something was entered since.
WITH provided AS (
    SELECT DISTINCT ON (loan_number)
        loan_number,
        stage
    FROM closing.allowance
    WHERE institution_id = current_setting('karez.institution_id')::integer
    ORDER BY loan_number ASC, valid_on DESC
)

SELECT
    s.loan_number,
    s.stage,
    coalesce(p.stage, 1) AS provided
FROM lending.part AS d
INNER JOIN lending.standing AS s
    ON
        d.institution_id = s.institution_id
        AND d.part = s.loan_number >> 13
        AND d.closed_on >= s.since
        AND d.closed_on < s.until
LEFT JOIN provided AS p ON s.loan_number = p.loan_number
WHERE
    s.institution_id = current_setting('karez.institution_id')::integer
    AND s.stage <> coalesce(p.stage, 1)
    AND NOT EXISTS (
        SELECT 1 FROM lending.event AS e
        WHERE
            e.institution_id = s.institution_id
            AND e.loan_number = s.loan_number
            AND e.posted_on > d.closed_on
    )
ORDER BY s.loan_number;

-- name: allowances
-- Add up what is set aside, by product and stage.
WITH provided AS (
    SELECT DISTINCT ON (loan_number)
        loan_number,
        stage,
        allowance_minor
    FROM closing.allowance
    WHERE institution_id = current_setting('karez.institution_id')::integer
    ORDER BY loan_number ASC, valid_on DESC
)

SELECT
    l.product_code,
    l.product_version,
    p.stage,
    count(*) AS loans,
    sum(p.allowance_minor)::bigint AS allowance_minor
FROM provided AS p
INNER JOIN lending.loan AS l ON p.loan_number = l.loan_number
WHERE l.institution_id = current_setting('karez.institution_id')::integer
GROUP BY l.product_code, l.product_version, p.stage
ORDER BY l.product_code, l.product_version, p.stage;
