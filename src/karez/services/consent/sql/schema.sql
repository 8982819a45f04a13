-- What others may read under a consent: views over the books, each row of which lies open under
-- the use that the transaction names (karez.use_id). Who reads as karez_receiver has no other way
-- to any row, so what a consent does not cover cannot be read, whatever the query.
CREATE SCHEMA shared;

-- What was posted on an account. The series of a consent is the account's code.
CREATE VIEW shared.statement_line WITH (security_barrier) AS
WITH asked AS MATERIALIZED (
    SELECT
        a.institution_id,
        a.account_number,
        a.code,
        a.currency,
        used.range_from,
        used.range_to,
        coalesce(
            (
                SELECT s.through_recorded_at FROM money.seal AS s
                WHERE s.institution_id = a.institution_id
                ORDER BY s.seal_number DESC
                LIMIT 1
            ),
            '-infinity'
        ) AS sealed_through
    FROM rights.use_range_v1(nullif(current_setting('karez.use_id', TRUE), '')::uuid) AS used
    INNER JOIN money.account AS a ON used.series = a.code
    WHERE
        a.institution_id = current_setting('karez.institution_id')::integer
        AND a.version = 1
),

line AS (
    SELECT
        l.entry_id,
        l.line,
        l.valid_on,
        l.recorded_at,
        l.kind,
        l.is_debit,
        l.amount_minor
    FROM asked
    INNER JOIN money.seal AS s ON asked.institution_id = s.institution_id
    INNER JOIN money.line AS l
        ON
            s.institution_id = l.institution_id
            AND s.seal_number = l.seal_number
            AND asked.account_number = l.account_number
            AND l.valid_on BETWEEN asked.range_from AND asked.range_to
    UNION ALL
    SELECT
        t.entry_id,
        t.line,
        t.valid_on,
        t.recorded_at,
        t.kind,
        t.debit_account = asked.account_number,
        t.amount_minor
    FROM asked
    INNER JOIN money.transfer AS t
        ON
            asked.institution_id = t.institution_id
            AND asked.sealed_through < t.recorded_at
            AND asked.account_number IN (t.debit_account, t.credit_account)
            AND t.valid_on BETWEEN asked.range_from AND asked.range_to
)

SELECT
    asked.code AS account,
    line.entry_id,
    line.line,
    line.valid_on,
    line.recorded_at,
    k.name AS kind,
    line.is_debit,
    line.amount_minor,
    asked.currency
FROM asked
CROSS JOIN line
INNER JOIN money.kind AS k ON asked.institution_id = k.institution_id AND line.kind = k.kind
WHERE
    line.amount_minor > 0
    AND rights.covers_v1(
        nullif(current_setting('karez.use_id', TRUE), '')::uuid, asked.code, line.valid_on
    );

GRANT USAGE ON SCHEMA shared TO karez_receiver;
GRANT SELECT ON shared.statement_line TO karez_receiver;
