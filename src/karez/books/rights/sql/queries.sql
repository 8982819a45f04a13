-- name: take_pen
-- Lock the head of this institution's book until the transaction ends, then read the clock.
WITH head AS MATERIALIZED (
    SELECT * FROM rights.book
    WHERE institution_id = current_setting('karez.institution_id')::integer
    FOR NO KEY UPDATE
)

SELECT
    number,
    recorded_at,
    digest,
    event_count,
    claim_count,
    name_count,
    institution_id,
    current_setting('role') AS role,
    clock_timestamp() AS now
FROM head;

-- name: open_book
-- Begin this institution's book with an empty chain, unless it has begun.
INSERT INTO rights.book
(institution_id, number, recorded_at, digest, event_count, claim_count, name_count)
VALUES (
    current_setting('karez.institution_id')::integer,
    0,
    '2000-01-01T00:00:00Z',
    sha256(('karez rights ' || current_setting('karez.institution_id'))::bytea),
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
    INSERT INTO rights.batch
    (institution_id, number, recorded_at, event_count, claim_count, digest)
    VALUES (
        current_setting('karez.institution_id')::integer,
        %(number)s,
        %(recorded_at)s,
        %(event_count)s,
        %(claim_count)s,
        %(digest)s
    )
    RETURNING number, recorded_at, event_count, claim_count, digest
)

UPDATE rights.book AS b
SET
    number = batch.number,
    recorded_at = batch.recorded_at,
    digest = batch.digest,
    event_count = batch.event_count,
    claim_count = batch.claim_count,
    name_count = %(name_count)s
FROM batch
WHERE b.institution_id = current_setting('karez.institution_id')::integer;

-- name: events_of_rights
-- Read the events of these rights, as known at an instant and effective at another, in order.
-- An ordered subquery stays one: a look-up for each right, however many events there are.
WITH wanted AS (
    SELECT u.right_id FROM unnest(%(right_ids)s::uuid[]) AS u (right_id)
)

SELECT
    e.right_id,
    e.version,
    e.event_id,
    e.action,
    e.body,
    e.effective_at,
    e.recorded_at,
    e.position,
    e.by,
    e.evidence
FROM wanted
CROSS JOIN
    LATERAL (
        SELECT i.* FROM rights.event AS i
        WHERE
            i.institution_id = current_setting('karez.institution_id')::integer
            AND i.right_id = wanted.right_id
            AND i.effective_at <= %(effective_at)s::timestamptz
            AND i.recorded_at <= %(known_at)s::timestamptz
        ORDER BY i.version
    ) AS e
ORDER BY e.right_id, e.version;

-- name: events_by_id
-- Read the events with these ids.
WITH wanted AS (
    SELECT u.event_id FROM unnest(%(event_ids)s::uuid[]) AS u (event_id)
)

SELECT
    e.right_id,
    e.version,
    e.event_id,
    e.action,
    e.body,
    e.effective_at,
    e.recorded_at,
    e.position,
    e.by,
    e.evidence
FROM wanted
CROSS JOIN
    LATERAL (
        SELECT i.* FROM rights.event AS i
        WHERE
            i.institution_id = current_setting('karez.institution_id')::integer
            AND i.event_id = wanted.event_id
        ORDER BY i.event_id
    ) AS e;

-- name: events_of_batches
-- Read the events of batches in order.
SELECT
    right_id,
    version,
    event_id,
    action,
    body,
    effective_at,
    recorded_at,
    position,
    by,
    evidence
FROM rights.event
WHERE
    institution_id = current_setting('karez.institution_id')::integer
    AND recorded_at > %(after)s
    AND recorded_at <= %(through)s
ORDER BY recorded_at, position;

-- name: names_known
-- Find which of these names are written down.
WITH wanted AS (
    SELECT
        u.debt,
        u.spelled
    FROM unnest(%(debts)s::text[], %(spelled)s::text[]) AS u (debt, spelled)
)

SELECT
    wanted.debt,
    wanted.spelled,
    n.name_id
FROM wanted
CROSS JOIN
    LATERAL (
        SELECT i.name_id FROM rights.name AS i
        WHERE
            i.institution_id = current_setting('karez.institution_id')::integer
            AND i.spelled = wanted.spelled
            AND i.debt = wanted.debt
        ORDER BY i.name_id
    ) AS n;

-- name: names_near
-- Find the names that share enough grams with what is asked for.
WITH wanted AS (
    SELECT
        u.gram,
        u.key_group,
        u.weight
    FROM unnest(
        %(grams)s::bigint[], %(groups)s::smallint[], %(weights)s::smallint[]
    ) AS u (gram, key_group, weight)
),

near AS (
    SELECT g.name_id
    FROM wanted
    CROSS JOIN
        LATERAL (
            SELECT i.name_id FROM rights.gram AS i
            WHERE
                i.institution_id = current_setting('karez.institution_id')::integer
                AND i.gram = wanted.gram
            -- An ordered subquery stays one: a look-up for each gram, never a pass through all.
            ORDER BY i.name_id
        ) AS g
    GROUP BY g.name_id, wanted.key_group
    HAVING sum(wanted.weight) >= %(weight_needed)s
),

once AS (
    SELECT DISTINCT near.name_id FROM near
)

SELECT
    n.name_id,
    n.debt,
    n.spelled
FROM once
CROSS JOIN
    LATERAL (
        SELECT i.* FROM rights.name AS i
        WHERE
            i.institution_id = current_setting('karez.institution_id')::integer
            AND i.name_id = once.name_id
        ORDER BY i.name_id
    ) AS n;

-- name: rights_under_names
-- Find the rights that stand or stood under these names.
WITH wanted AS (
    SELECT u.name_id FROM unnest(%(name_ids)s::bigint[]) AS u (name_id)
)

SELECT DISTINCT d.right_id
FROM wanted
CROSS JOIN
    LATERAL (
        SELECT i.right_id FROM rights.debtor AS i
        WHERE
            i.institution_id = current_setting('karez.institution_id')::integer
            AND i.name_id = wanted.name_id
        ORDER BY i.right_id
    ) AS d;

-- name: rights_on_things
-- Find the rights that stand or stood on things with these keys, and the turns that they took.
WITH wanted AS (
    SELECT
        u.scheme,
        u.key
    FROM unnest(%(schemes)s::text[], %(keys)s::text[]) AS u (scheme, key)
)

SELECT
    wanted.scheme,
    wanted.key,
    t.right_id,
    t.turn
FROM wanted
CROSS JOIN
    LATERAL (
        SELECT
            i.right_id,
            i.turn
        FROM rights.thing AS i
        WHERE
            i.institution_id = current_setting('karez.institution_id')::integer
            AND i.scheme = wanted.scheme
            AND i.key = wanted.key
        ORDER BY i.right_id, i.version
    ) AS t;

-- name: register_at
-- Find the last batch known at an instant: number, instant, size and digest of the register.
SELECT
    number,
    recorded_at,
    claim_count,
    digest
FROM rights.batch
WHERE
    institution_id = current_setting('karez.institution_id')::integer
    AND recorded_at <= %(known_at)s::timestamptz
ORDER BY recorded_at DESC
LIMIT 1;

-- name: clock
-- Read the clock of the database.
SELECT clock_timestamp() AS now;

-- name: write_certificate
-- Keep a certificate of search.
INSERT INTO rights.certificate (
    institution_id, certificate_id, issued_at, rule, criterion, effective_at, known_at,
    register_number, register_claims, register_digest, result, digest
)
VALUES (
    current_setting('karez.institution_id')::integer,
    %(certificate_id)s,
    %(issued_at)s,
    %(rule)s,
    %(criterion)s,
    %(effective_at)s,
    %(known_at)s,
    %(register_number)s,
    %(register_claims)s,
    %(register_digest)s,
    %(result)s,
    %(digest)s
);

-- name: certificates
-- Read certificates of search, one or all.
SELECT
    certificate_id,
    issued_at,
    rule,
    criterion,
    effective_at,
    known_at,
    register_number,
    register_claims,
    register_digest,
    result,
    digest
FROM rights.certificate
WHERE
    institution_id = current_setting('karez.institution_id')::integer
    AND (%(certificate_id)s::uuid IS NULL OR certificate_id = %(certificate_id)s)
ORDER BY issued_at, certificate_id;

-- name: consent_ids
-- List the consents of a grantor or to a receiver, the oldest first.
SELECT consent_id
FROM rights.consent
WHERE
    institution_id = current_setting('karez.institution_id')::integer
    AND (%(grantor)s::text IS NULL OR grantor = %(grantor)s)
    AND (%(receiver)s::text IS NULL OR receiver = %(receiver)s)
ORDER BY consent_id;

-- name: consents_over
-- List the consents of some grantors over one series for a purpose, the latest first, with the days
-- they cover.
SELECT
    grantor,
    consent_id,
    range_from,
    range_to
FROM rights.consent
WHERE
    institution_id = current_setting('karez.institution_id')::integer
    AND grantor = any(%(grantors)s::text[])
    AND receiver = %(receiver)s
    AND %(purpose)s = any(purposes)
    AND %(series)s = any(series)
ORDER BY consent_id DESC;

-- name: judge_use
-- Ask whether a consent covers a use now, and record nothing.
SELECT
    rights.judge_use_v1(
        %(consent_id)s,
        %(receiver)s,
        %(purpose)s,
        %(scope)s,
        %(mode)s,
        %(series)s,
        %(range_from)s,
        %(range_to)s,
        %(amount_minor)s,
        %(currency)s,
        %(condition_evidence)s
    ) AS verdict;

-- name: use_consent
-- Record a use of a consent, and say whether it is allowed.
SELECT
    rights.use_consent_v1(
        %(use_id)s,
        %(consent_id)s,
        %(receiver)s,
        %(purpose)s,
        %(scope)s,
        %(mode)s,
        %(series)s,
        %(range_from)s,
        %(range_to)s,
        %(amount_minor)s,
        %(currency)s,
        %(condition_evidence)s,
        %(reader)s
    ) AS verdict;

-- name: end_use
-- End a use, with the number of rows that were read.
SELECT rights.end_use_v1(%(use_id)s, %(row_count)s);

-- name: uses
-- List the uses of a consent in their order; of all consents where none is named.
SELECT
    u.consent_id,
    u.use_number,
    u.use_id,
    u.receiver,
    u.purpose,
    u.scope,
    u.mode,
    u.series,
    u.range_from,
    u.range_to,
    u.amount_minor,
    u.currency,
    u.condition_evidence,
    u.reader,
    u.verdict,
    u.used_at,
    u.keep_until,
    r.row_count,
    c.grantor
FROM rights.consent_use AS u
INNER JOIN rights.consent AS c
    ON u.institution_id = c.institution_id AND u.consent_id = c.consent_id
LEFT JOIN rights.consent_read AS r ON u.institution_id = r.institution_id AND u.use_id = r.use_id
WHERE
    u.institution_id = current_setting('karez.institution_id')::integer
    AND (%(consent_id)s::uuid IS NULL OR u.consent_id = %(consent_id)s)
    AND (%(use_ids)s::uuid[] IS NULL OR u.use_id = any(%(use_ids)s))
ORDER BY u.consent_id, u.use_number;

-- name: verify_head
-- Read the head of the book, and the digest that its chain begins with.
SELECT
    number,
    recorded_at,
    digest,
    event_count,
    claim_count,
    name_count,
    sha256(('karez rights ' || current_setting('karez.institution_id'))::bytea) AS beginning
FROM rights.book
WHERE institution_id = current_setting('karez.institution_id')::integer;

-- name: verify_batches
-- List the batches in order.
SELECT
    number,
    recorded_at,
    event_count,
    claim_count,
    digest
FROM rights.batch
WHERE institution_id = current_setting('karez.institution_id')::integer
ORDER BY number;

-- name: verify_names
-- List the names of debtors.
SELECT
    name_id,
    debt,
    spelled
FROM rights.name
WHERE institution_id = current_setting('karez.institution_id')::integer;

-- name: verify_debtors
-- List which versions stand under which names.
SELECT
    name_id,
    right_id,
    version
FROM rights.debtor
WHERE institution_id = current_setting('karez.institution_id')::integer;

-- name: verify_things
-- List which versions stand on which things.
SELECT
    scheme,
    key,
    right_id,
    version,
    turn
FROM rights.thing
WHERE institution_id = current_setting('karez.institution_id')::integer;

-- name: verify_grams
-- List the grams of all names.
SELECT
    name_id,
    gram
FROM rights.gram
WHERE institution_id = current_setting('karez.institution_id')::integer;

-- name: verify_consents
-- List the consents as the database checks them.
SELECT
    consent_id,
    grantor,
    receiver,
    purposes,
    scopes,
    series,
    modes,
    starts_at,
    ends_at,
    range_from,
    range_to,
    data_life_days,
    uses_most,
    uses_period,
    condition,
    amount_most_minor,
    total_most_minor,
    currency
FROM rights.consent
WHERE institution_id = current_setting('karez.institution_id')::integer;

-- name: verify_revocations
-- List the consents that were withdrawn.
SELECT consent_id FROM rights.revocation
WHERE institution_id = current_setting('karez.institution_id')::integer;

-- name: verify_pauses
-- List when consents rested and went on.
SELECT
    consent_id,
    version,
    is_paused
FROM rights.pause
WHERE institution_id = current_setting('karez.institution_id')::integer;

-- name: verify_uses
-- Tell of each use whether it follows from the one before.
SELECT
    u.consent_id,
    u.use_number,
    u.use_number = coalesce(lag(u.use_number) OVER uses, 0) + 1 AS follows,
    u.digest = rights.use_digest_v1(
        coalesce(lag(u.digest) OVER uses, sha256(u.consent_id::text::bytea)),
        u.use_id,
        ARRAY[
            u.receiver, u.purpose, u.scope, u.mode, u.series, u.range_from::text,
            u.range_to::text, u.amount_minor::text, u.currency, u.condition_evidence,
            u.reader, u.verdict
        ],
        u.used_at
    ) AS digest_is_right
FROM rights.consent_use AS u
WHERE u.institution_id = current_setting('karez.institution_id')::integer
WINDOW uses AS (PARTITION BY u.consent_id ORDER BY u.use_number)
ORDER BY u.consent_id, u.use_number;
