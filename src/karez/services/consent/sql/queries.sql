-- name: open_use
-- Say under which use of a consent this transaction reads.
SELECT set_config('karez.use_id', %(use_id)s, TRUE);

-- name: statement_lines
-- Read what lies open of an account, in order.
SELECT
    account,
    entry_id,
    line,
    valid_on,
    recorded_at,
    kind,
    is_debit,
    amount_minor,
    currency
FROM shared.statement_line
ORDER BY valid_on, recorded_at, entry_id, line;
