-- name: running
-- Read the loans that run on a day and were not scored as of it, with what is thought of each.
SELECT
    l.loan_number,
    l.borrower_id,
    l.currency,
    l.application_id,
    coalesce(n.pd, l.pd) AS pd,
    coalesce(n.pd_low, 0) AS pd_low,
    coalesce(n.pd_high, 1) AS pd_high
FROM lending.loan AS l
INNER JOIN lending.standing AS s
    ON l.institution_id = s.institution_id AND l.loan_number = s.loan_number
LEFT JOIN LATERAL (
    SELECT
        m.pd,
        m.pd_low,
        m.pd_high,
        m.valid_on
    FROM monitoring.score AS m
    WHERE
        m.institution_id = l.institution_id
        AND m.loan_number = l.loan_number
        AND m.valid_on <= %(day)s
    ORDER BY m.valid_on DESC
    LIMIT 1
) AS n ON TRUE
WHERE
    l.institution_id = current_setting('karez.institution_id')::integer
    AND s.since <= %(day)s
    AND s.until > %(day)s
    AND s.status = any(%(owed)s::smallint[])
    AND n.valid_on IS DISTINCT FROM %(day)s::date
ORDER BY l.loan_number;

-- name: scored_on
-- Count the loans that were scored as of a day.
SELECT count(*) AS loans FROM monitoring.score
WHERE
    institution_id = current_setting('karez.institution_id')::integer
    AND valid_on = %(day)s;

-- name: behaviour
-- Read how borrowers have repaid all their loans until a day: how late now, how much of the time
-- nothing was late, and how late it was at worst.
SELECT
    l.borrower_id,
    coalesce(max(%(day)s::date - s.oldest_due) FILTER (WHERE s.until > %(day)s), 0) AS late_now,
    1 - coalesce(
        sum(least(s.until, %(day)s::date + 1) - s.since) FILTER (WHERE s.oldest_due IS NOT NULL), 0
    )::double precision / sum(least(s.until, %(day)s::date + 1) - s.since) AS on_time,
    coalesce(max(least(s.until - 1, %(day)s::date) - s.oldest_due), 0) AS late_worst
FROM lending.loan AS l
INNER JOIN lending.standing AS s
    ON l.institution_id = s.institution_id AND l.loan_number = s.loan_number
WHERE
    l.institution_id = current_setting('karez.institution_id')::integer
    AND l.borrower_id = any(%(borrowers)s::uuid[])
    AND s.since <= %(day)s
GROUP BY l.borrower_id;

-- name: lock_parts
-- Keep the end of days away from loans until the transaction ends; tell the last day that is ended.
WITH locked AS (
    SELECT closed_on FROM lending.part
    WHERE institution_id = current_setting('karez.institution_id')::integer
    ORDER BY part
    FOR SHARE
)

SELECT max(closed_on) AS closed_on FROM locked;

-- name: add_scores
-- Keep scores; of a loan that was scored as of the day meanwhile the first one stays.
WITH added AS (
    INSERT INTO monitoring.score (
        institution_id, loan_number, valid_on, pd, pd_low, pd_high, model_sha256, is_stale, use_id,
        reasons, figures, actor
    )
    SELECT
        current_setting('karez.institution_id')::integer,
        fresh.loan_number,
        %(day)s,
        fresh.pd,
        fresh.pd_low,
        fresh.pd_high,
        %(model_sha256)s,
        fresh.is_stale,
        fresh.use_id,
        fresh.reasons,
        fresh.figures,
        %(actor)s
    FROM
        unnest(
            %(loan_number)s::bigint[],
            %(pd)s::double precision[],
            %(pd_low)s::double precision[],
            %(pd_high)s::double precision[],
            %(is_stale)s::boolean[],
            %(use_id)s::uuid[],
            %(reasons)s::text[],
            %(figures)s::text[]
        ) AS fresh (loan_number, pd, pd_low, pd_high, is_stale, use_id, reasons, figures)
    ON CONFLICT DO NOTHING
    RETURNING institution_id, loan_number, pd, is_stale
)

INSERT INTO monitoring.newest (institution_id, loan_number, pd)
SELECT
    institution_id,
    loan_number,
    pd
FROM added
WHERE NOT is_stale
ON CONFLICT (institution_id, loan_number) DO UPDATE SET pd = excluded.pd;

-- name: newest_scores
-- Read the newest score of each loan on a day, and whether a consent for it had ended, or rested.
SELECT DISTINCT ON (s.loan_number)
    s.loan_number,
    s.valid_on,
    s.pd,
    s.is_stale,
    coalesce(
        u.verdict IN ('consent-revoked', 'consent-expired', 'consent-paused'), FALSE
    ) AS has_ended,
    s.model_sha256,
    s.reasons,
    s.figures
FROM monitoring.score AS s
LEFT JOIN rights.consent_use AS u
    ON s.institution_id = u.institution_id AND s.use_id = u.use_id
WHERE
    s.institution_id = current_setting('karez.institution_id')::integer
    AND s.valid_on <= %(day)s
ORDER BY s.loan_number ASC, s.valid_on DESC;

-- name: stages_worse
-- Read the loans whose last provision until a day is in stage 2 or 3, with why and since when.
WITH provided AS (
    SELECT
        loan_number,
        stage,
        why,
        valid_on,
        lag(stage) OVER (PARTITION BY loan_number ORDER BY valid_on) AS stage_before,
        row_number() OVER (PARTITION BY loan_number ORDER BY valid_on DESC) AS age
    FROM closing.allowance
    WHERE
        institution_id = current_setting('karez.institution_id')::integer
        AND valid_on <= %(day)s
),

moved AS (
    SELECT
        loan_number,
        max(valid_on) AS moved_on
    FROM provided
    WHERE stage <> coalesce(stage_before, 1)
    GROUP BY loan_number
)

SELECT
    p.loan_number,
    p.stage,
    p.why,
    m.moved_on
FROM provided AS p
INNER JOIN moved AS m ON p.loan_number = m.loan_number
WHERE p.age = 1 AND p.stage > 1
ORDER BY p.loan_number;

-- name: origins
-- Read of loans from which product and application each was made, and the probability then.
SELECT
    loan_number,
    product_code,
    product_version,
    application_id,
    pd
FROM lending.loan
WHERE
    institution_id = current_setting('karez.institution_id')::integer
    AND loan_number = any(%(loans)s::bigint[]);

-- name: uses_missing
-- List scores whose use of a consent is not on record, fresh ones whose use was refused, and stale
-- ones whose use was allowed.
SELECT
    s.loan_number,
    s.valid_on
FROM monitoring.score AS s
LEFT JOIN rights.consent_use AS u
    ON s.institution_id = u.institution_id AND s.use_id = u.use_id
WHERE
    s.institution_id = current_setting('karez.institution_id')::integer
    AND s.use_id IS NOT NULL
    AND (u.verdict = 'allowed') IS DISTINCT FROM NOT s.is_stale
ORDER BY s.loan_number, s.valid_on;

-- name: stale_apart
-- List stale scores that say something else than what held before.
SELECT
    s.loan_number,
    s.valid_on,
    s.pd,
    coalesce((
        SELECT m.pd FROM monitoring.score AS m
        WHERE
            m.institution_id = s.institution_id
            AND m.loan_number = s.loan_number
            AND m.valid_on < s.valid_on
        ORDER BY m.valid_on DESC
        LIMIT 1
    ), l.pd) AS expected
FROM monitoring.score AS s
INNER JOIN lending.loan AS l
    ON s.institution_id = l.institution_id AND s.loan_number = l.loan_number
WHERE
    s.institution_id = current_setting('karez.institution_id')::integer
    AND s.is_stale
ORDER BY s.loan_number, s.valid_on;

-- name: probabilities_apart
-- List provisions made with another default probability than the newest on their day.
SELECT
    a.loan_number,
    a.valid_on,
    a.pd,
    coalesce(s.pd, l.pd) AS expected
FROM closing.allowance AS a
INNER JOIN lending.loan AS l
    ON a.institution_id = l.institution_id AND a.loan_number = l.loan_number
LEFT JOIN LATERAL (
    SELECT m.pd FROM monitoring.score AS m
    WHERE
        m.institution_id = a.institution_id
        AND m.loan_number = a.loan_number
        AND m.valid_on <= a.valid_on
    ORDER BY m.valid_on DESC
    LIMIT 1
) AS s ON TRUE
WHERE
    a.institution_id = current_setting('karez.institution_id')::integer
    AND a.pd <> coalesce(s.pd, l.pd)
ORDER BY a.loan_number, a.valid_on;

-- name: newest_apart
-- List loans whose newest probability is not that of their last fresh score.
WITH scored AS (
    SELECT DISTINCT ON (loan_number)
        loan_number,
        pd
    FROM monitoring.score
    WHERE
        institution_id = current_setting('karez.institution_id')::integer
        AND NOT is_stale
    ORDER BY loan_number ASC, valid_on DESC
),

kept AS (
    SELECT
        loan_number,
        pd
    FROM monitoring.newest
    WHERE institution_id = current_setting('karez.institution_id')::integer
)

SELECT coalesce(scored.loan_number, kept.loan_number) AS loan_number
FROM scored
FULL JOIN kept ON scored.loan_number = kept.loan_number
WHERE scored.pd IS DISTINCT FROM kept.pd
ORDER BY loan_number;
