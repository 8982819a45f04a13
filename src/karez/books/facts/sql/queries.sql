-- name: take_log
-- Lock the head of this institution's log until the transaction ends, then read the clock.
WITH head AS MATERIALIZED (
    SELECT * FROM facts.log
    WHERE institution_id = current_setting('karez.institution_id')::integer
    FOR NO KEY UPDATE
)

SELECT
    institution_id,
    origin,
    verifier_keys,
    size,
    root,
    greatest(recorded_at, clock_timestamp()) AS now,
    current_setting('role') AS role
FROM head;

-- name: read_log
-- Read the head of this institution's log.
SELECT
    institution_id,
    origin,
    verifier_keys,
    size,
    root,
    recorded_at,
    current_setting('role') AS role
FROM facts.log
WHERE institution_id = current_setting('karez.institution_id')::integer;

-- name: open_log
-- Begin this institution's log, unless it has begun.
INSERT INTO facts.log (institution_id, origin, verifier_keys, size, root, recorded_at)
VALUES (
    current_setting('karez.institution_id')::integer,
    %(origin)s,
    %(verifier_keys)s,
    0,
    sha256(''::bytea),
    clock_timestamp()
)
ON CONFLICT DO NOTHING;

-- name: become
-- Take a role until the end of the transaction or the next change.
SELECT set_config('role', %(role)s, TRUE);

-- name: move_log
-- Move the head of the log to what was just written.
UPDATE facts.log
SET size = %(size)s, root = %(root)s, recorded_at = %(recorded_at)s
WHERE institution_id = current_setting('karez.institution_id')::integer;

-- name: known_keys
-- Find the facts that stand under these idempotency keys.
SELECT
    key,
    entry_index
FROM facts.body
WHERE
    institution_id = current_setting('karez.institution_id')::integer
    AND key = any(%(keys)s::bytea[]);

-- name: known_statements
-- Find the facts by which these statements of attesters stand in the book.
SELECT
    attested,
    entry_index
FROM facts.body
WHERE
    institution_id = current_setting('karez.institution_id')::integer
    AND attested = any(%(attested)s::bytea[]);

-- name: bodies_at
-- Read the bodies that are still there of facts at these indices.
SELECT
    entry_index,
    body,
    salt
FROM facts.body
WHERE
    institution_id = current_setting('karez.institution_id')::integer
    AND entry_index = any(%(indices)s::bigint[]);

-- name: pseudonyms
-- Find the pseudonyms under which these subjects are logged now.
SELECT
    subject,
    pseudonym
FROM facts.subject
WHERE
    institution_id = current_setting('karez.institution_id')::integer
    AND is_current
    AND subject = any(%(subjects)s::text[]);

-- name: entries_between
-- Read the entries from one index up to another.
SELECT leaf FROM facts.entry
WHERE
    institution_id = current_setting('karez.institution_id')::integer
    AND entry_index >= %(start)s
    AND entry_index < %(stop)s
ORDER BY entry_index;

-- name: tile
-- Read one full tile.
SELECT nodes FROM facts.tile
WHERE
    institution_id = current_setting('karez.institution_id')::integer
    AND level = %(level)s
    AND number = %(number)s;

-- name: tile_roots
-- Read the roots of full tiles from one number up to another: the hashes of the level above.
SELECT root FROM facts.tile
WHERE
    institution_id = current_setting('karez.institution_id')::integer
    AND level = %(level)s
    AND number >= %(start)s
    AND number < %(stop)s
ORDER BY number;
