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
-- Find the facts that stand under these idempotency keys, which come as one string of hashes.
-- Materialized: under row-level security a comparison with a function's value takes no index.
-- Lateral, with a limit: so it is one probe of the index for each, however long the book is.
WITH asked AS MATERIALIZED (
    SELECT substr(%(digests)s::bytea, place * 32 + 1, 32) AS hash
    FROM generate_series(0, %(count)s - 1) AS place
)

SELECT
    asked.hash AS key,
    found.entry_index
FROM asked
CROSS JOIN LATERAL (
    SELECT b.entry_index FROM facts.body AS b
    WHERE
        b.institution_id = current_setting('karez.institution_id')::integer
        AND b.key = asked.hash
    ORDER BY b.key
    LIMIT 1
) AS found;

-- name: known_statements
-- Find the facts by which these statements of attesters, as hashes, stand in the book.
-- Materialized: under row-level security a comparison with a function's value takes no index.
-- Lateral, with a limit: so it is one probe of the index for each, however long the book is.
WITH asked AS MATERIALIZED (
    SELECT substr(%(digests)s::bytea, place * 32 + 1, 32) AS hash
    FROM generate_series(0, %(count)s - 1) AS place
)

SELECT
    asked.hash AS attested,
    found.entry_index
FROM asked
CROSS JOIN LATERAL (
    SELECT b.entry_index FROM facts.body AS b
    WHERE
        b.institution_id = current_setting('karez.institution_id')::integer
        AND b.attested = asked.hash
    ORDER BY b.attested
    LIMIT 1
) AS found;

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
-- Find the pseudonyms under which these subjects, a list in JSON, are logged now.
WITH asked AS MATERIALIZED (
    SELECT json_array_elements_text(%(subjects)s::json) AS subject
)

SELECT
    asked.subject,
    found.pseudonym
FROM asked
CROSS JOIN LATERAL (
    SELECT s.pseudonym FROM facts.subject AS s
    WHERE
        s.institution_id = current_setting('karez.institution_id')::integer
        AND s.is_current
        AND s.subject = asked.subject
    ORDER BY s.subject
    LIMIT 1
) AS found;

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

-- name: fact
-- Read one fact: its entry, and its body and salt unless they were erased.
SELECT
    e.leaf,
    b.body,
    b.salt
FROM facts.entry AS e
LEFT JOIN facts.body AS b
    ON e.institution_id = b.institution_id AND e.entry_index = b.entry_index
WHERE
    e.institution_id = current_setting('karez.institution_id')::integer
    AND e.entry_index = %(index)s;

-- name: facts_of
-- Read the latest bodies below an index: of a subject, a schema, some days, where these are asked.
SELECT
    b.entry_index,
    b.schema,
    b.body
FROM facts.body AS b
WHERE
    b.institution_id = current_setting('karez.institution_id')::integer
    AND (%(below)s::bigint IS NULL OR b.entry_index < %(below)s)
    AND (%(schema)s::text IS NULL OR b.schema = %(schema)s)
    AND (%(since)s::date IS NULL OR b.valid_on >= %(since)s)
    AND (%(until)s::date IS NULL OR b.valid_on <= %(until)s)
    AND (
        %(subject)s::text IS NULL
        OR b.pseudonym IN (
            SELECT s.pseudonym FROM facts.subject AS s
            WHERE
                s.institution_id = current_setting('karez.institution_id')::integer
                AND s.subject = %(subject)s
        )
    )
ORDER BY b.entry_index DESC
LIMIT %(most)s;

-- name: erased_at
-- List when the entries of a schema that have no body any more were recorded.
SELECT (convert_from(e.leaf, 'UTF8')::json ->> 'recorded_at')::timestamptz AS recorded_at
FROM facts.entry AS e
WHERE
    e.institution_id = current_setting('karez.institution_id')::integer
    AND convert_from(e.leaf, 'UTF8')::json ->> 'schema' = %(schema)s
    AND NOT EXISTS (
        SELECT FROM facts.body AS b
        WHERE b.institution_id = e.institution_id AND b.entry_index = e.entry_index
    )
ORDER BY recorded_at;

-- name: checkpoint
-- Read the note of the latest checkpoint, or of the first that has a size.
SELECT
    size,
    note
FROM facts.checkpoint
WHERE
    institution_id = current_setting('karez.institution_id')::integer
    AND size >= %(least)s
    AND (%(size)s::bigint IS NULL OR size = %(size)s)
ORDER BY size DESC
LIMIT 1;

-- name: checkpoint_cosigned
-- Read the note of the latest checkpoint that so many witnesses have cosigned.
SELECT
    c.size,
    c.note
FROM facts.checkpoint AS c
INNER JOIN facts.cosignature AS s
    ON c.institution_id = s.institution_id AND c.size = s.size
WHERE
    c.institution_id = current_setting('karez.institution_id')::integer
    AND c.size >= %(least)s
GROUP BY c.size, c.note
HAVING count(DISTINCT s.signer) >= %(witnesses)s
ORDER BY c.size DESC
LIMIT 1;

-- name: cosignatures
-- Read what witnesses signed of the checkpoint of a size, of each the latest.
SELECT DISTINCT ON (signer) line
FROM facts.cosignature
WHERE
    institution_id = current_setting('karez.institution_id')::integer
    AND size = %(size)s
ORDER BY signer ASC, signed_at DESC;

-- name: keep_cosignature
-- Keep what a witness signed of one of our checkpoints.
INSERT INTO facts.cosignature (institution_id, size, signer, signed_at, line)
VALUES (
    current_setting('karez.institution_id')::integer,
    %(size)s,
    %(signer)s,
    %(signed_at)s,
    %(line)s
)
ON CONFLICT DO NOTHING;

-- name: witnessed_size
-- Find the size of the latest checkpoint that a witness cosigned, as far as we know.
SELECT coalesce(max(size), 0) AS size
FROM facts.cosignature
WHERE
    institution_id = current_setting('karez.institution_id')::integer
    AND signer = %(signer)s;

-- name: erasable
-- Read what an erasure needs to know of bodies: at these indices, or of a subject.
SELECT
    b.entry_index,
    b.schema,
    b.valid_on,
    b.pseudonym
FROM facts.body AS b
WHERE
    b.institution_id = current_setting('karez.institution_id')::integer
    AND (
        b.entry_index = any(%(indices)s::bigint[])
        OR b.pseudonym IN (
            SELECT s.pseudonym FROM facts.subject AS s
            WHERE
                s.institution_id = current_setting('karez.institution_id')::integer
                AND s.subject = %(subject)s
        )
    )
ORDER BY b.entry_index;

-- name: erase_bodies
-- Erase bodies and their salts.
DELETE FROM facts.body
WHERE
    institution_id = current_setting('karez.institution_id')::integer
    AND entry_index = any(%(indices)s::bigint[]);

-- name: retire_pseudonyms
-- From now on these subjects are logged under other pseudonyms.
UPDATE facts.subject
SET is_current = FALSE
WHERE
    institution_id = current_setting('karez.institution_id')::integer
    AND pseudonym = any(%(pseudonyms)s::uuid[]);

-- name: erase_subjects
-- Erase who is meant by retired pseudonyms under which no body is left.
DELETE FROM facts.subject AS s
WHERE
    s.institution_id = current_setting('karez.institution_id')::integer
    AND s.pseudonym = any(%(pseudonyms)s::uuid[])
    AND NOT EXISTS (
        SELECT FROM facts.body AS b
        WHERE
            b.institution_id = current_setting('karez.institution_id')::integer
            AND b.pseudonym = s.pseudonym
    );

-- name: tiles_from
-- Read full tiles of a level from a number on, in order, a stretch at a time.
SELECT
    number,
    nodes,
    root
FROM facts.tile
WHERE
    institution_id = current_setting('karez.institution_id')::integer
    AND level = %(level)s
    AND number >= %(start)s
    AND number < %(stop)s
ORDER BY number;

-- name: count_tiles
-- Count the full tiles of this institution's log.
SELECT count(*) AS tiles
FROM facts.tile
WHERE institution_id = current_setting('karez.institution_id')::integer;

-- name: checkpoints_between
-- Read the checkpoints after one size up to another.
SELECT
    size,
    root,
    note
FROM facts.checkpoint
WHERE
    institution_id = current_setting('karez.institution_id')::integer
    AND size > %(start)s
    AND size <= %(stop)s
ORDER BY size;

-- name: entries_and_bodies
-- Read entries from one index up to another, with the bodies and salts that are still there.
SELECT
    e.entry_index,
    e.leaf,
    b.body,
    b.salt
FROM facts.entry AS e
LEFT JOIN facts.body AS b
    ON e.institution_id = b.institution_id AND e.entry_index = b.entry_index
WHERE
    e.institution_id = current_setting('karez.institution_id')::integer
    AND e.entry_index >= %(start)s
    AND e.entry_index < %(stop)s
ORDER BY e.entry_index;

-- name: nameless
-- Count bodies under a pseudonym of which nobody knows whom it means: there should be none.
SELECT count(*) AS bodies
FROM facts.body AS b
WHERE
    b.institution_id = current_setting('karez.institution_id')::integer
    AND NOT EXISTS (
        SELECT FROM facts.subject AS s
        WHERE
            s.institution_id = current_setting('karez.institution_id')::integer
            AND s.pseudonym = b.pseudonym
    );

-- name: beyond
-- Count what stands beyond the head of the log: nothing should.
SELECT
    (
        SELECT count(*) FROM facts.entry
        WHERE
            institution_id = current_setting('karez.institution_id')::integer
            AND entry_index >= %(size)s
    ) AS entries,
    (
        SELECT count(*) FROM facts.body
        WHERE
            institution_id = current_setting('karez.institution_id')::integer
            AND entry_index >= %(size)s
    ) AS bodies,
    (
        SELECT count(*) FROM facts.checkpoint
        WHERE
            institution_id = current_setting('karez.institution_id')::integer
            AND size > %(size)s
    ) AS checkpoints;

-- name: open_witness
-- Begin to witness with a key, unless that has begun.
INSERT INTO facts.witness (institution_id, verifier_key, cosignature_count, cosigned_at)
VALUES (
    current_setting('karez.institution_id')::integer,
    %(verifier_key)s,
    0,
    '1970-01-01T00:00:00Z'
)
ON CONFLICT DO NOTHING;

-- name: take_witness
-- Lock the witness that has a key until the transaction ends.
SELECT
    cosignature_count,
    cosigned_at
FROM facts.witness
WHERE
    institution_id = current_setting('karez.institution_id')::integer
    AND verifier_key = %(verifier_key)s
FOR NO KEY UPDATE;

-- name: count_cosignature
-- Note that the witness has cosigned once more, and when.
UPDATE facts.witness
SET cosignature_count = cosignature_count + 1, cosigned_at = %(cosigned_at)s
WHERE
    institution_id = current_setting('karez.institution_id')::integer
    AND verifier_key = %(verifier_key)s;

-- name: watch
-- Take a log among those that are witnessed, or give it other keys.
INSERT INTO facts.watched (institution_id, origin, verifier_keys, size, root, note)
VALUES (
    current_setting('karez.institution_id')::integer,
    %(origin)s,
    %(verifier_keys)s,
    0,
    sha256(''::bytea),
    ''
)
ON CONFLICT (institution_id, origin) DO UPDATE SET verifier_keys = excluded.verifier_keys;

-- name: watched
-- Read the logs that are witnessed.
SELECT
    origin,
    verifier_keys,
    size,
    root,
    note
FROM facts.watched
WHERE
    institution_id = current_setting('karez.institution_id')::integer
    AND (%(origin)s::text IS NULL OR origin = %(origin)s)
ORDER BY origin;

-- name: keep_checkpoint
-- Keep the checkpoint of another log that was cosigned.
UPDATE facts.watched
SET size = %(size)s, root = %(root)s, note = %(note)s
WHERE
    institution_id = current_setting('karez.institution_id')::integer
    AND origin = %(origin)s;

-- name: keep_fork
-- Keep two notes of a log as evidence.
INSERT INTO facts.fork
(institution_id, origin, note_sha256, size, reason, known_note, other_note, proof, seen_at)
VALUES (
    current_setting('karez.institution_id')::integer,
    %(origin)s,
    sha256(convert_to(%(other_note)s, 'UTF8')),
    %(size)s,
    %(reason)s,
    %(known_note)s,
    %(other_note)s,
    %(proof)s,
    %(seen_at)s
)
ON CONFLICT DO NOTHING;

-- name: forks
-- Read the evidence against other logs.
SELECT
    origin,
    size,
    reason,
    known_note,
    other_note,
    proof,
    seen_at
FROM facts.fork
WHERE institution_id = current_setting('karez.institution_id')::integer
ORDER BY seen_at, origin, note_sha256;

-- name: bodies_until
-- Read the bodies of some schemas that hold by a day, with the index of each and its day.
SELECT
    entry_index,
    valid_on - '1970-01-01'::date AS day,
    body
FROM facts.body
WHERE
    institution_id = current_setting('karez.institution_id')::integer
    AND schema = any(%(schemas)s::text[])
    AND valid_on <= %(until)s
ORDER BY entry_index;

-- name: bodies_of_subjects
-- Read the bodies of some schemas about each of some subjects, within days of its own.
SELECT
    b.entry_index,
    b.valid_on - '1970-01-01'::date AS day,
    b.body
FROM
    unnest(%(subjects)s::text[], %(since)s::date[], %(until)s::date[])
        AS asked (subject, since, until)
INNER JOIN facts.subject AS s
    ON
        s.institution_id = current_setting('karez.institution_id')::integer
        AND asked.subject = s.subject
INNER JOIN facts.body AS b ON s.institution_id = b.institution_id AND s.pseudonym = b.pseudonym
WHERE
    b.schema = any(%(schemas)s::text[])
    AND b.valid_on BETWEEN asked.since AND asked.until
ORDER BY b.entry_index;

-- name: recorded_sizes
-- Read at which size the log stood at which instant, in microseconds since 1970.
SELECT
    size,
    (extract(EPOCH FROM recorded_at) * 1000000)::bigint AS recorded_at
FROM facts.checkpoint
WHERE institution_id = current_setting('karez.institution_id')::integer
ORDER BY size;
