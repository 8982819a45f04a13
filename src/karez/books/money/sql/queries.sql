-- name: take_pen
-- Lock the head of this institution's book until the transaction ends, then read the clock.
WITH head AS MATERIALIZED (
    SELECT * FROM money.book
    WHERE institution_id = current_setting('karez.institution_id')::integer
    FOR NO KEY UPDATE
)

SELECT
    number,
    (extract(EPOCH FROM recorded_at) * 1000000)::bigint - 946684800000000 AS recorded_at,
    digest,
    account_count,
    transfer_count,
    volume_minor,
    closed_through - '2000-01-01'::date AS closed_through,
    institution_id,
    current_setting('role') AS role,
    (extract(EPOCH FROM clock_timestamp()) * 1000000)::bigint - 946684800000000 AS now
FROM head;

-- name: open_book
-- Begin this institution's book with an empty chain, unless it has begun.
INSERT INTO money.book
(institution_id, number, recorded_at, digest, account_count, transfer_count, volume_minor)
VALUES (
    current_setting('karez.institution_id')::integer,
    0,
    '2000-01-01T00:00:00Z',
    sha256(('karez money ' || current_setting('karez.institution_id'))::bytea),
    0,
    0,
    0
)
ON CONFLICT DO NOTHING;

-- name: become
-- Take a role until the end of the transaction or the next change.
SELECT set_config('role', %(role)s, TRUE);

-- name: write_batch
-- Record a batch in the chain and move the head to it.
WITH batch AS (
    INSERT INTO money.batch (institution_id, number, recorded_at, transfer_count, digest)
    VALUES (
        current_setting('karez.institution_id')::integer,
        %(number)s,
        '2000-01-01T00:00:00Z'::timestamptz + %(recorded_at)s * interval '1 microsecond',
        %(transfer_count)s,
        %(digest)s
    )
    RETURNING number, recorded_at, transfer_count, digest
)

UPDATE money.book AS b
SET
    number = batch.number,
    recorded_at = batch.recorded_at,
    digest = batch.digest,
    account_count = b.account_count + %(accounts_added)s,
    transfer_count = b.transfer_count + batch.transfer_count,
    volume_minor = b.volume_minor + %(volume_added)s,
    closed_through = CASE
        WHEN %(period_changed)s THEN '2000-01-01'::date + %(closed_through)s::integer
        ELSE b.closed_through
    END
FROM batch
WHERE b.institution_id = current_setting('karez.institution_id')::integer;

-- name: batch_digest
-- Find the digest of one batch.
SELECT digest FROM money.batch
WHERE
    institution_id = current_setting('karez.institution_id')::integer
    AND number = %(number)s;

-- name: kinds
-- List the kinds of entries that this book names.
SELECT
    name,
    kind
FROM money.kind
WHERE institution_id = current_setting('karez.institution_id')::integer;

-- name: accounts_changed_since
-- List the accounts with a version recorded after an instant.
SELECT account_number FROM money.account
WHERE
    institution_id = current_setting('karez.institution_id')::integer
    AND recorded_at
    > '2000-01-01T00:00:00Z'::timestamptz + %(after)s * interval '1 microsecond';

-- name: definitions
-- Read by column the version in force of these accounts, or of all where no numbers are given:
-- the letters of the currency as one number, limits as the least number there is where none is set.
WITH account AS (
    SELECT DISTINCT ON (account_number) *
    FROM money.account
    WHERE
        institution_id = current_setting('karez.institution_id')::integer
        AND (%(numbers)s::bigint[] IS NULL OR account_number = any(%(numbers)s::bigint[]))
    ORDER BY account_number ASC, version DESC
)

SELECT
    array_agg(account_number) AS account_number,
    array_agg(normal_side = 'credit') AS by_credit,
    array_agg(
        (ascii(currency) << 16)
        + (ascii(substr(currency, 2)) << 8)
        + ascii(substr(currency, 3))
    ) AS currency,
    array_agg(coalesce(floor_minor, -9223372036854775808)) AS floor_minor,
    array_agg(coalesce(ceiling_minor, -9223372036854775808)) AS ceiling_minor,
    array_agg(closed_on IS NOT NULL) AS is_closed
FROM account;

-- name: account_labels
-- Read what people call these accounts, and the day on which one was closed.
SELECT DISTINCT ON (account_number)
    account_number,
    code,
    closed_on
FROM money.account
WHERE
    institution_id = current_setting('karez.institution_id')::integer
    AND account_number = any(%(numbers)s::bigint[])
ORDER BY account_number ASC, version DESC;

-- name: sums_now
-- Sum these accounts (or all) up to an instant: the stored balances before it and what moved since.
WITH latest AS (
    SELECT
        seal_number,
        through_recorded_at
    FROM money.seal
    WHERE
        institution_id = current_setting('karez.institution_id')::integer
        AND has_balances
        AND through_recorded_at <= coalesce(%(through)s::timestamptz, 'infinity')
    ORDER BY seal_number DESC
    LIMIT 1
),

moved AS (
    SELECT
        debit_account,
        credit_account,
        amount_minor,
        hold_minor
    FROM money.transfer
    WHERE
        institution_id = current_setting('karez.institution_id')::integer
        AND recorded_at > coalesce((SELECT through_recorded_at FROM latest), '-infinity')
        AND recorded_at <= coalesce(%(through)s::timestamptz, 'infinity')
        AND (
            %(numbers)s::bigint[] IS NULL
            OR debit_account = any(%(numbers)s::bigint[])
            OR credit_account = any(%(numbers)s::bigint[])
        )
),

sums AS (
    SELECT
        account_number,
        debits_posted_minor AS debits_posted,
        credits_posted_minor AS credits_posted,
        debits_pending_minor AS debits_pending,
        credits_pending_minor AS credits_pending
    FROM money.balance
    WHERE
        institution_id = current_setting('karez.institution_id')::integer
        AND seal_number = (SELECT seal_number FROM latest)
    UNION ALL
    SELECT
        debit_account,
        amount_minor,
        0,
        hold_minor,
        0
    FROM moved
    UNION ALL
    SELECT
        credit_account,
        0,
        amount_minor,
        0,
        hold_minor
    FROM moved
)

SELECT
    account_number,
    sum(debits_posted)::bigint AS debits_posted,
    sum(credits_posted)::bigint AS credits_posted,
    sum(debits_pending)::bigint AS debits_pending,
    sum(credits_pending)::bigint AS credits_pending
FROM sums
WHERE %(numbers)s::bigint[] IS NULL OR account_number = any(%(numbers)s::bigint[])
GROUP BY account_number
ORDER BY account_number;

-- name: transfers_of_entries
-- Read all transfers of these entries, with their kinds and notes, in order.
SELECT
    t.entry_id,
    t.line,
    t.debit_account,
    t.credit_account,
    t.amount_minor,
    t.hold_minor,
    t.valid_on - '2000-01-01'::date AS valid_on,
    k.name AS kind,
    t.phase,
    t.balancing,
    t.target_entry_id,
    t.target_line,
    t.asked_minor,
    (extract(EPOCH FROM t.expires_at) * 1000000)::bigint - 946684800000000 AS expires_at,
    (extract(EPOCH FROM t.recorded_at) * 1000000)::bigint - 946684800000000 AS recorded_at,
    coalesce(n.memo, '') AS memo,
    coalesce(n.reference, '{}') AS reference
FROM money.transfer AS t
INNER JOIN money.kind AS k ON t.institution_id = k.institution_id AND t.kind = k.kind
LEFT JOIN money.note AS n
    ON t.institution_id = n.institution_id AND t.entry_id = n.entry_id
WHERE
    t.institution_id = current_setting('karez.institution_id')::integer
    AND t.entry_id = any(%(entry_ids)s::uuid[])
ORDER BY t.entry_id, t.line;

-- name: targets
-- Read these transfers and whether another has resolved or reversed each.
SELECT
    t.entry_id,
    t.line,
    t.debit_account,
    t.credit_account,
    t.amount_minor,
    t.hold_minor,
    t.phase,
    (extract(EPOCH FROM t.expires_at) * 1000000)::bigint - 946684800000000 AS expires_at,
    exists(
        SELECT 1 FROM money.transfer AS r
        WHERE
            r.institution_id = t.institution_id
            AND r.target_entry_id = t.entry_id
            AND r.target_line = t.line
    ) AS taken
FROM money.transfer AS t
WHERE
    t.institution_id = current_setting('karez.institution_id')::integer
    AND (t.entry_id, t.line) IN (
        SELECT
            wanted.entry_id,
            wanted.line
        FROM unnest(%(entry_ids)s::uuid[], %(lines)s::integer[]) AS wanted (entry_id, line)
    );

-- name: expired_now
-- List pending transfers past their instant that nobody has resolved.
SELECT
    t.entry_id,
    t.line
FROM money.transfer AS t
WHERE
    t.institution_id = current_setting('karez.institution_id')::integer
    AND t.expires_at <= clock_timestamp()
    AND NOT EXISTS (
        SELECT 1 FROM money.transfer AS r
        WHERE
            r.institution_id = t.institution_id
            AND r.target_entry_id = t.entry_id
            AND r.target_line = t.line
    )
ORDER BY t.expires_at, t.entry_id, t.line
LIMIT %(most)s;

-- name: account
-- Read the version in force of the account with this code. (Apart from `accounts`, whose plan, made
-- without seeing the codes, would read them all.)
SELECT
    a.account_number AS number,
    a.account_id,
    a.code,
    a.name,
    a.type,
    a.normal_side,
    a.currency,
    a.parent_number AS parent,
    a.floor_minor,
    a.ceiling_minor,
    a.closed_on,
    a.version
FROM money.account AS a
WHERE
    a.institution_id = current_setting('karez.institution_id')::integer
    AND a.code = %(code)s
ORDER BY a.version DESC
LIMIT 1;

-- name: accounts
-- Read the version in force of the accounts with these codes, or of all.
SELECT DISTINCT ON (a.code)
    a.account_number AS number,
    a.account_id,
    a.code,
    a.name,
    a.type,
    a.normal_side,
    a.currency,
    a.parent_number AS parent,
    a.floor_minor,
    a.ceiling_minor,
    a.closed_on,
    a.version
FROM money.account AS a
WHERE
    a.institution_id = current_setting('karez.institution_id')::integer
    AND (%(codes)s::text[] IS NULL OR a.code = any(%(codes)s::text[]))
ORDER BY a.code ASC, a.version DESC;

-- name: account_numbers
-- Find the numbers of the accounts with these codes.
SELECT
    code,
    account_number
FROM money.account
WHERE
    institution_id = current_setting('karez.institution_id')::integer
    AND version = 1
    AND code = any(%(codes)s::text[]);

-- name: account_codes
-- Find the codes of the accounts with these numbers.
SELECT
    account_number,
    code
FROM money.account
WHERE
    institution_id = current_setting('karez.institution_id')::integer
    AND version = 1
    AND account_number = any(%(numbers)s::bigint[]);

-- name: account_ids_taken
-- List those of these ids that an account has.
SELECT account_id FROM money.account
WHERE
    institution_id = current_setting('karez.institution_id')::integer
    AND version = 1
    AND account_id = any(%(ids)s::uuid[]);

-- name: period_changes
-- List the closings and reopenings of this book.
SELECT
    action,
    closed_through,
    actor,
    reason,
    recorded_at
FROM money.period
WHERE institution_id = current_setting('karez.institution_id')::integer
ORDER BY recorded_at, position;

-- name: settle_head
-- Read the instant of the last batch, after whoever holds the pen has finished.
SELECT recorded_at FROM money.book
WHERE institution_id = current_setting('karez.institution_id')::integer
FOR SHARE;

-- name: known_boundary
-- Find the instant of the last batch recorded up to an instant, and that of the last batch of all.
SELECT
    (
        SELECT max(b.recorded_at) FROM money.batch AS b
        WHERE
            b.institution_id = current_setting('karez.institution_id')::integer
            AND b.recorded_at <= %(known_at)s
    ) AS boundary,
    (
        SELECT max(b.recorded_at) FROM money.batch AS b
        WHERE b.institution_id = current_setting('karez.institution_id')::integer
    ) AS last_recorded_at,
    current_setting('role') AS role;

-- name: balance
-- Sum one account by value date, as known at an instant: whole seals, a cut one, the unsealed.
-- One statement, so that it sees one set of seals; a plan made without seeing the values fits all.
WITH edge AS (
    SELECT
        (
            SELECT max(b.recorded_at) FROM money.batch AS b
            WHERE
                b.institution_id = current_setting('karez.institution_id')::integer
                AND b.recorded_at <= %(known_at)s
        ) AS known_at,
        coalesce(
            (
                SELECT s.through_recorded_at FROM money.seal AS s
                WHERE s.institution_id = current_setting('karez.institution_id')::integer
                ORDER BY s.seal_number DESC
                LIMIT 1
            ),
            '-infinity'
        ) AS sealed_through
),

parts AS (
    SELECT
        l.debits_posted_minor AS debits_posted,
        l.credits_posted_minor AS credits_posted,
        l.debits_pending_minor AS debits_pending,
        l.credits_pending_minor AS credits_pending
    FROM money.seal AS s
    CROSS JOIN
        LATERAL (
            SELECT
                c.debits_posted_minor,
                c.credits_posted_minor,
                c.debits_pending_minor,
                c.credits_pending_minor
            FROM money.line AS c
            WHERE
                c.institution_id = s.institution_id
                AND c.seal_number = s.seal_number
                AND c.account_number = %(number)s
                AND c.valid_on <= %(valid_on)s
            ORDER BY c.valid_on DESC, c.recorded_at DESC, c.position DESC
            LIMIT 1
        ) AS l
    WHERE
        s.institution_id = current_setting('karez.institution_id')::integer
        AND s.through_recorded_at <= (SELECT known_at FROM edge)
    UNION ALL
    SELECT
        CASE WHEN l.is_debit THEN l.amount_minor ELSE 0 END,
        CASE WHEN l.is_debit THEN 0 ELSE l.amount_minor END,
        CASE WHEN l.is_debit THEN l.hold_minor ELSE 0 END,
        CASE WHEN l.is_debit THEN 0 ELSE l.hold_minor END
    FROM money.seal AS s
    CROSS JOIN
        LATERAL (
            SELECT
                c.is_debit,
                c.amount_minor,
                c.hold_minor
            FROM money.line AS c
            WHERE
                c.institution_id = s.institution_id
                AND c.seal_number = s.seal_number
                AND c.account_number = %(number)s
                AND c.valid_on <= %(valid_on)s
                AND c.recorded_at <= (SELECT known_at FROM edge)
            -- An ordered subquery stays one: a look-up in the one seal that is cut.
            ORDER BY c.valid_on DESC
        ) AS l
    WHERE
        s.institution_id = current_setting('karez.institution_id')::integer
        AND s.after_recorded_at < (SELECT known_at FROM edge)
        AND s.through_recorded_at > (SELECT known_at FROM edge)
    UNION ALL
    SELECT
        CASE WHEN t.debit_account = %(number)s THEN t.amount_minor ELSE 0 END,
        CASE WHEN t.credit_account = %(number)s THEN t.amount_minor ELSE 0 END,
        CASE WHEN t.debit_account = %(number)s THEN t.hold_minor ELSE 0 END,
        CASE WHEN t.credit_account = %(number)s THEN t.hold_minor ELSE 0 END
    FROM money.transfer AS t
    WHERE
        t.institution_id = current_setting('karez.institution_id')::integer
        AND t.recorded_at > (SELECT sealed_through FROM edge)
        AND t.recorded_at <= (SELECT known_at FROM edge)
        AND t.valid_on <= %(valid_on)s
        AND (t.debit_account = %(number)s OR t.credit_account = %(number)s)
)

SELECT
    coalesce(sum(debits_posted), 0)::bigint AS debits_posted,
    coalesce(sum(credits_posted), 0)::bigint AS credits_posted,
    coalesce(sum(debits_pending), 0)::bigint AS debits_pending,
    coalesce(sum(credits_pending), 0)::bigint AS credits_pending,
    (SELECT known_at FROM edge) AS known_at
FROM parts;

-- name: statement
-- List what touched one account between two value dates, as known at an instant, in order.
WITH sealed AS (
    SELECT
        coalesce(
            (
                SELECT s.through_recorded_at FROM money.seal AS s
                WHERE s.institution_id = current_setting('karez.institution_id')::integer
                ORDER BY s.seal_number DESC
                LIMIT 1
            ),
            '-infinity'
        ) AS through_recorded_at
)

SELECT
    c.valid_on,
    c.recorded_at,
    c.entry_id,
    c.line,
    c.kind,
    c.phase,
    c.is_debit,
    c.counter_account,
    c.amount_minor,
    c.hold_minor,
    c.position
FROM money.seal AS s
INNER JOIN money.line AS c
    ON s.institution_id = c.institution_id AND s.seal_number = c.seal_number
WHERE
    s.institution_id = current_setting('karez.institution_id')::integer
    AND s.after_recorded_at < %(known_at)s
    AND c.account_number = %(number)s
    AND c.valid_on BETWEEN %(first_day)s AND %(last_day)s
    AND c.recorded_at <= %(known_at)s
UNION ALL
SELECT
    t.valid_on,
    t.recorded_at,
    t.entry_id,
    t.line,
    t.kind,
    t.phase,
    t.debit_account = %(number)s AS is_debit,
    CASE WHEN t.debit_account = %(number)s THEN t.credit_account ELSE t.debit_account END,
    t.amount_minor,
    t.hold_minor,
    t.position
FROM money.transfer AS t
WHERE
    t.institution_id = current_setting('karez.institution_id')::integer
    AND t.recorded_at > (SELECT through_recorded_at FROM sealed)
    AND t.recorded_at <= %(known_at)s
    AND t.valid_on BETWEEN %(first_day)s AND %(last_day)s
    AND (t.debit_account = %(number)s OR t.credit_account = %(number)s)
ORDER BY valid_on, recorded_at, position
LIMIT %(most)s;

-- name: notes
-- Read what is said about these entries.
SELECT
    entry_id,
    memo,
    reference
FROM money.note
WHERE
    institution_id = current_setting('karez.institution_id')::integer
    AND entry_id = any(%(entry_ids)s::uuid[]);

-- name: trial_balance
-- Sum every account by value date, as known at an instant.
WITH sides AS (
    SELECT
        debit_account AS account_number,
        sum(amount_minor) AS debits,
        0 AS credits,
        sum(hold_minor) AS debits_held,
        0 AS credits_held
    FROM money.transfer
    WHERE
        institution_id = current_setting('karez.institution_id')::integer
        AND valid_on <= %(valid_on)s
        AND recorded_at <= %(known_at)s
    GROUP BY debit_account
    UNION ALL
    SELECT
        credit_account,
        0,
        sum(amount_minor),
        0,
        sum(hold_minor)
    FROM money.transfer
    WHERE
        institution_id = current_setting('karez.institution_id')::integer
        AND valid_on <= %(valid_on)s
        AND recorded_at <= %(known_at)s
    GROUP BY credit_account
)

SELECT
    account_number,
    sum(debits)::bigint AS debits_posted,
    sum(credits)::bigint AS credits_posted,
    sum(debits_held)::bigint AS debits_pending,
    sum(credits_held)::bigint AS credits_pending
FROM sides
GROUP BY account_number;

-- name: last_seal
-- Read the number and the end of the last seal.
SELECT
    seal_number,
    through_recorded_at
FROM money.seal
WHERE institution_id = current_setting('karez.institution_id')::integer
ORDER BY seal_number DESC
LIMIT 1;

-- name: unsealed_batches
-- List the batches after an instant that moved anything, oldest first.
SELECT
    recorded_at,
    transfer_count
FROM money.batch
WHERE
    institution_id = current_setting('karez.institution_id')::integer
    AND recorded_at > %(after)s
    AND transfer_count > 0
ORDER BY number
LIMIT %(most)s;

-- name: unsealed_count
-- Count the transfers that no seal covers yet.
SELECT
    coalesce((
        SELECT sum(b.transfer_count) FROM money.batch AS b
        WHERE
            b.institution_id = current_setting('karez.institution_id')::integer
            AND b.recorded_at > coalesce(
                (
                    SELECT max(s.through_recorded_at) FROM money.seal AS s
                    WHERE s.institution_id = current_setting('karez.institution_id')::integer
                ),
                '-infinity'
            )
    ), 0)::bigint AS unsealed;

-- name: try_seal_lock
-- Let one process at a time seal this institution's book.
SELECT
    pg_try_advisory_xact_lock(
        hashtext('karez money seal'), current_setting('karez.institution_id')::integer
    ) AS got;

-- name: transfers_since_balances
-- Count the transfers that the stored balances do not cover.
SELECT
    (
        SELECT coalesce(sum(s.transfer_count), 0) FROM money.seal AS s
        WHERE
            s.institution_id = current_setting('karez.institution_id')::integer
            AND s.seal_number > coalesce(
                (
                    SELECT max(h.seal_number) FROM money.seal AS h
                    WHERE
                        h.institution_id = current_setting('karez.institution_id')::integer
                        AND h.has_balances
                ),
                0
            )
    )::bigint AS transfers,
    (
        SELECT b.account_count FROM money.book AS b
        WHERE b.institution_id = current_setting('karez.institution_id')::integer
    ) AS accounts;

-- name: tend
-- Bring the index on recorded_at and its statistics up to date with the table.
SELECT money.tend_v2();

-- name: verify_beginning
-- Tell whether this institution's book has begun, whatever its head says.
SELECT
    current_setting('karez.institution_id')::integer AS institution_id,
    exists(
        SELECT 1 FROM money.batch
        WHERE institution_id = current_setting('karez.institution_id')::integer
    ) AS has_begun;

-- name: verify_head
-- Read the head of the chain and the closing that the periods make. (A damaged instant may be one
-- that Python has no value for: the nearest that it has stands for it here and below.)
SELECT
    b.institution_id,
    b.number,
    greatest(least(b.recorded_at, '9999-12-30'), '0001-01-02') AS recorded_at,
    b.digest,
    b.account_count,
    b.transfer_count,
    b.volume_minor,
    b.closed_through::text,
    (
        SELECT p.closed_through::text FROM money.period AS p
        WHERE p.institution_id = b.institution_id
        ORDER BY p.recorded_at DESC, p.position DESC
        LIMIT 1
    ) AS closed_by_periods
FROM money.book AS b
WHERE b.institution_id = current_setting('karez.institution_id')::integer;

-- name: verify_batches
-- Read every batch of the chain.
SELECT
    number,
    greatest(least(recorded_at, '9999-12-30'), '0001-01-02') AS recorded_at,
    transfer_count,
    digest
FROM money.batch
WHERE institution_id = current_setting('karez.institution_id')::integer
ORDER BY number;

-- name: verify_accounts
-- Read every version of every account.
SELECT
    account_number,
    version,
    code,
    normal_side,
    currency,
    parent_number,
    floor_minor,
    ceiling_minor,
    closed_on IS NOT NULL AS is_closed
FROM money.account
WHERE
    institution_id = current_setting('karez.institution_id')::integer
    AND recorded_at <= %(through)s
ORDER BY account_number, version;

-- name: verify_seals
-- Read every seal but those of batches that came after an instant.
SELECT
    s.seal_number,
    greatest(least(s.after_recorded_at, '9999-12-30'), '0001-01-02') AS after_recorded_at,
    greatest(least(s.through_recorded_at, '9999-12-30'), '0001-01-02') AS through_recorded_at,
    s.transfer_count,
    s.has_balances
FROM money.seal AS s
WHERE
    s.institution_id = current_setting('karez.institution_id')::integer
    AND NOT EXISTS (
        SELECT 1 FROM money.batch AS b
        WHERE
            b.institution_id = s.institution_id
            AND b.recorded_at = s.through_recorded_at
            AND b.recorded_at > %(through)s
    )
ORDER BY s.seal_number;

-- name: verify_targets
-- List the transfers that point at one that is not there or that they do not fit.
SELECT
    r.entry_id,
    r.line
FROM money.transfer AS r
LEFT JOIN money.transfer AS t
    ON
        r.institution_id = t.institution_id
        AND r.target_entry_id = t.entry_id
        AND r.target_line = t.line
WHERE
    r.institution_id = current_setting('karez.institution_id')::integer
    AND r.target_entry_id IS NOT NULL
    AND (
        t.entry_id IS NULL
        OR (t.recorded_at, t.position) >= (r.recorded_at, r.position)
        OR CASE
            WHEN r.phase = 1
                THEN
                    t.phase NOT IN (1, 3)
                    OR t.debit_account <> r.credit_account
                    OR t.credit_account <> r.debit_account
                    OR t.amount_minor <> r.amount_minor
            ELSE
                t.phase <> 2
                OR t.debit_account <> r.debit_account
                OR t.credit_account <> r.credit_account
                OR t.hold_minor <> -r.hold_minor
        END
    );

-- name: verify_notes
-- List the notes whose entry is not there.
SELECT
    n.entry_id,
    0 AS line
FROM money.note AS n
WHERE
    n.institution_id = current_setting('karez.institution_id')::integer
    AND NOT EXISTS (
        SELECT 1 FROM money.transfer AS t
        WHERE t.institution_id = n.institution_id AND t.entry_id = n.entry_id
    );

-- name: verify_strays
-- Count the derived rows of seals that are not there, or that say they have none.
SELECT
    'line' AS table_name,
    l.seal_number,
    count(*) AS rows_found
FROM money.line AS l
WHERE
    l.institution_id = current_setting('karez.institution_id')::integer
    AND l.seal_number NOT IN (
        SELECT s.seal_number FROM money.seal AS s
        WHERE s.institution_id = current_setting('karez.institution_id')::integer
    )
GROUP BY l.seal_number
UNION ALL
SELECT
    'balance' AS table_name,
    b.seal_number,
    count(*) AS rows_found
FROM money.balance AS b
WHERE
    b.institution_id = current_setting('karez.institution_id')::integer
    AND b.seal_number NOT IN (
        SELECT s.seal_number FROM money.seal AS s
        WHERE s.institution_id = current_setting('karez.institution_id')::integer AND s.has_balances
    )
GROUP BY b.seal_number;

-- name: sort_in_memory
-- Give this transaction room to sort a stretch without going to disk.
SELECT set_config('work_mem', '64MB', TRUE);
