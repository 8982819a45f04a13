-- name: publish
-- Add an event; the row of its object stays locked until the transaction ends.
WITH counted AS (
    INSERT INTO outbox.object (institution_id, object, events)
    VALUES (current_setting('karez.institution_id')::integer, %(object)s, 1)
    ON CONFLICT (institution_id, object) DO UPDATE SET events = object.events + 1
    RETURNING institution_id, object, events
)

INSERT INTO outbox.fresh (
    institution_id, object, object_sequence, event_id, kind, data, recorded_at
)
SELECT
    institution_id,
    object,
    events,
    %(event_id)s,
    %(kind)s,
    %(data)s,
    clock_timestamp()
FROM counted
RETURNING object_sequence;

-- name: any_fresh
-- Say whether an event waits for its place.
SELECT EXISTS (
    SELECT FROM outbox.fresh
    WHERE institution_id = current_setting('karez.institution_id')::integer
);

-- name: take_head
-- Lock the last place that was given.
SELECT sequence FROM outbox.head
WHERE institution_id = current_setting('karez.institution_id')::integer
FOR UPDATE;

-- name: open_head
-- Begin the row of events of an institution.
INSERT INTO outbox.head (institution_id, sequence)
VALUES (current_setting('karez.institution_id')::integer, 0)
ON CONFLICT DO NOTHING;

-- name: lock_endpoints
-- Lock the endpoints that get events, so that none of their deliveries ends meanwhile.
SELECT endpoint_id FROM outbox.endpoint
WHERE
    institution_id = current_setting('karez.institution_id')::integer
    AND state IN ('active', 'paused')
ORDER BY endpoint_id
FOR UPDATE;

-- name: place
-- Give all events that can be seen their places, those of an object in their order.
WITH taken AS (
    DELETE FROM outbox.fresh
    WHERE institution_id = current_setting('karez.institution_id')::integer
    RETURNING *
),

timed AS (
    -- A clock that was set back does not change the order within an object.
    SELECT
        *,
        max(recorded_at) OVER (PARTITION BY object ORDER BY object_sequence) AS ordered_at
    FROM taken
),

placed AS (
    INSERT INTO outbox.event (
        institution_id, sequence, object, object_sequence, event_id, kind, data, recorded_at
    )
    SELECT
        institution_id,
        %(sequence)s + row_number() OVER (ORDER BY ordered_at, object, object_sequence),
        object,
        object_sequence,
        event_id,
        kind,
        data,
        recorded_at
    FROM timed
    RETURNING sequence
)

UPDATE outbox.head
SET sequence = %(sequence)s + (SELECT count(*) FROM placed)
WHERE institution_id = current_setting('karez.institution_id')::integer
RETURNING sequence;

-- name: deliver
-- Set events between two places on their way to an endpoint, or to all, that want their kinds.
WITH wanted AS (
    SELECT
        event.institution_id,
        endpoint.endpoint_id,
        event.sequence,
        event.object,
        row_number() OVER (
            PARTITION BY endpoint.endpoint_id, event.object ORDER BY event.sequence
        ) AS ordinal
    FROM outbox.event
    INNER JOIN outbox.endpoint ON event.institution_id = endpoint.institution_id
    WHERE
        event.institution_id = current_setting('karez.institution_id')::integer
        AND event.sequence BETWEEN %(first)s AND %(last)s
        AND (%(endpoint)s::integer IS NULL OR endpoint.endpoint_id = %(endpoint)s)
        AND endpoint.state IN ('active', 'paused')
        AND CASE
            WHEN event.kind = 'webhook.test'
                THEN event.object = 'webhook:' || endpoint.endpoint_id
            ELSE EXISTS (
                SELECT FROM unnest(endpoint.kinds) AS wanted_kind
                WHERE
                    wanted_kind IN ('*', event.kind)
                    OR (
                        wanted_kind LIKE '%%.*'
                        AND starts_with(event.kind, left(wanted_kind, -1))
                    )
            )
        END
)

INSERT INTO outbox.delivery AS delivery (
    institution_id, endpoint_id, sequence, object, state, attempts, failures, due_at
)
SELECT
    wanted.institution_id,
    wanted.endpoint_id,
    wanted.sequence,
    wanted.object,
    'waiting',
    0,
    0,
    CASE
        WHEN
            wanted.ordinal = 1 AND NOT EXISTS (
                SELECT FROM outbox.delivery AS earlier
                WHERE
                    earlier.institution_id = wanted.institution_id
                    AND earlier.endpoint_id = wanted.endpoint_id
                    AND earlier.object = wanted.object
                    AND earlier.state = 'waiting'
            )
            THEN clock_timestamp()
        ELSE 'infinity'
    END
FROM wanted
ON CONFLICT (institution_id, endpoint_id, sequence) DO UPDATE
SET state = 'waiting', failures = 0, due_at = excluded.due_at
WHERE delivery.state <> 'waiting';

-- name: list_events
-- List events after a place in the row, of some kinds and of one object, or of all.
SELECT
    sequence,
    event_id,
    kind,
    object,
    object_sequence,
    data,
    recorded_at
FROM outbox.event
WHERE
    institution_id = current_setting('karez.institution_id')::integer
    AND sequence > %(after)s
    AND (%(kinds)s::text[] IS NULL OR kind = any(%(kinds)s))
    AND (%(object)s::text IS NULL OR object = %(object)s)
ORDER BY sequence
LIMIT %(most)s;

-- name: add_endpoint
-- Add an endpoint under the next number.
INSERT INTO outbox.endpoint (
    institution_id, endpoint_id, url, kinds, state, rests_until, created_at
)
SELECT
    current_setting('karez.institution_id')::integer,
    coalesce(max(endpoint_id), 0) + 1,
    %(url)s,
    %(kinds)s,
    'active',
    clock_timestamp(),
    clock_timestamp()
FROM outbox.endpoint
WHERE institution_id = current_setting('karez.institution_id')::integer
RETURNING endpoint_id;

-- name: list_endpoints
-- List endpoints that were not removed, with what waits for them and what was given up.
SELECT
    endpoint_id,
    url,
    kinds,
    state,
    created_at,
    (
        SELECT count(*) FROM outbox.delivery
        WHERE
            delivery.institution_id = endpoint.institution_id
            AND delivery.endpoint_id = endpoint.endpoint_id
            AND delivery.state = 'waiting'
    ) AS waiting
FROM outbox.endpoint
WHERE
    institution_id = current_setting('karez.institution_id')::integer
    AND state <> 'removed'
ORDER BY endpoint_id;

-- name: set_state
-- Change how it is with an endpoint; what waits for its next attempt is due at once.
WITH changed AS (
    UPDATE outbox.endpoint
    SET state = %(state)s, rests_until = clock_timestamp()
    WHERE
        institution_id = current_setting('karez.institution_id')::integer
        AND endpoint_id = %(endpoint)s
        AND state = any(%(states)s)
    RETURNING institution_id, endpoint_id
),

hurried AS (
    UPDATE outbox.delivery
    SET due_at = clock_timestamp()
    FROM changed
    WHERE
        delivery.institution_id = changed.institution_id
        AND delivery.endpoint_id = changed.endpoint_id
        AND delivery.state = 'waiting'
        AND delivery.due_at < 'infinity'
)

SELECT endpoint_id FROM changed;

-- name: lock_endpoint
-- Lock one endpoint, so that nothing is set on its way to it meanwhile.
SELECT state FROM outbox.endpoint
WHERE
    institution_id = current_setting('karez.institution_id')::integer
    AND endpoint_id = %(endpoint)s
    AND state <> 'removed'
FOR UPDATE;

-- name: retire_secrets
-- Let the keys of an endpoint sign no longer than for so long.
UPDATE outbox.secret
SET retires_at = least(retires_at, clock_timestamp() + %(overlap)s)
WHERE
    institution_id = current_setting('karez.institution_id')::integer
    AND endpoint_id = %(endpoint)s;

-- name: add_secret
-- Add a key that signs until it is replaced.
INSERT INTO outbox.secret (
    institution_id, endpoint_id, secret_number, scheme, secret, retires_at
)
SELECT
    current_setting('karez.institution_id')::integer,
    %(endpoint)s,
    coalesce(max(secret_number), 0) + 1,
    %(scheme)s,
    %(secret)s,
    'infinity'
FROM outbox.secret
WHERE
    institution_id = current_setting('karez.institution_id')::integer
    AND endpoint_id = %(endpoint)s;

-- name: secrets
-- List the keys that sign what is sent to an endpoint now, the newest first.
SELECT
    scheme,
    secret,
    retires_at = 'infinity' AS stays
FROM outbox.secret
WHERE
    institution_id = current_setting('karez.institution_id')::integer
    AND endpoint_id = %(endpoint)s
    AND retires_at > clock_timestamp()
ORDER BY secret_number DESC;

-- name: due_endpoints
-- List the endpoints to which something is to be sent now.
SELECT endpoint_id FROM outbox.endpoint
WHERE
    institution_id = current_setting('karez.institution_id')::integer
    AND state = 'active'
    AND rests_until <= clock_timestamp()
    AND EXISTS (
        SELECT FROM outbox.delivery
        WHERE
            delivery.institution_id = endpoint.institution_id
            AND delivery.endpoint_id = endpoint.endpoint_id
            AND delivery.state = 'waiting'
            AND delivery.due_at <= clock_timestamp()
    )
ORDER BY rests_until;

-- name: seize_endpoint
-- Be the one session that sends to an endpoint, if no other is; it ends with the session.
SELECT pg_try_advisory_lock(
    hashtextextended('karez.outbox.' || %(institution)s || '.' || %(endpoint)s, 0)
);

-- name: free_endpoint
-- Let another session send to an endpoint.
SELECT pg_advisory_unlock(
    hashtextextended('karez.outbox.' || %(institution)s || '.' || %(endpoint)s, 0)
);

-- name: next_delivery
-- Read what is to be sent to an endpoint next.
SELECT
    endpoint.url,
    delivery.failures,
    event.sequence,
    event.event_id,
    event.kind,
    event.object,
    event.object_sequence,
    event.data,
    event.recorded_at
FROM outbox.endpoint
INNER JOIN outbox.delivery
    ON
        endpoint.institution_id = delivery.institution_id
        AND endpoint.endpoint_id = delivery.endpoint_id
INNER JOIN outbox.event
    ON
        delivery.institution_id = event.institution_id
        AND delivery.sequence = event.sequence
WHERE
    endpoint.institution_id = current_setting('karez.institution_id')::integer
    AND endpoint.endpoint_id = %(endpoint)s
    AND endpoint.state = 'active'
    AND endpoint.rests_until <= clock_timestamp()
    AND delivery.state = 'waiting'
    AND delivery.due_at <= clock_timestamp()
ORDER BY delivery.due_at, delivery.sequence
LIMIT 1;

-- name: keep_attempt
-- Keep what came of an attempt, and what becomes of the delivery.
WITH changed AS (
    UPDATE outbox.delivery
    SET
        state = %(state)s,
        attempts = attempts + 1,
        failures = %(failures)s,
        due_at = clock_timestamp() + %(delay)s
    WHERE
        institution_id = current_setting('karez.institution_id')::integer
        AND endpoint_id = %(endpoint)s
        AND sequence = %(sequence)s
    RETURNING institution_id, endpoint_id, sequence, attempts
)

INSERT INTO outbox.attempt (
    institution_id, endpoint_id, sequence, attempt, status, answer, took_ms, recorded_at
)
SELECT
    institution_id,
    endpoint_id,
    sequence,
    attempts,
    %(status)s,
    %(answer)s,
    %(took_ms)s,
    clock_timestamp()
FROM changed;

-- name: release
-- Make the next event about an object due at an endpoint.
UPDATE outbox.delivery
SET due_at = clock_timestamp()
WHERE
    institution_id = current_setting('karez.institution_id')::integer
    AND endpoint_id = %(endpoint)s
    AND due_at = 'infinity'
    AND sequence = (
        SELECT min(sequence) FROM outbox.delivery
        WHERE
            institution_id = current_setting('karez.institution_id')::integer
            AND endpoint_id = %(endpoint)s
            AND object = %(object)s
            AND state = 'waiting'
    );

-- name: rest
-- Send nothing to an endpoint for so long, or, where it is gone, until a person resumes it.
UPDATE outbox.endpoint
SET
    rests_until = clock_timestamp() + %(rest)s,
    state = CASE WHEN %(gone)s THEN 'gone' ELSE state END
WHERE
    institution_id = current_setting('karez.institution_id')::integer
    AND endpoint_id = %(endpoint)s;

-- name: list_deliveries
-- List what was sent to an endpoint or is to be, the newest event first, with its last attempt.
SELECT
    delivery.sequence,
    event.event_id,
    event.kind,
    delivery.object,
    delivery.state,
    delivery.attempts,
    nullif(delivery.due_at, 'infinity') AS due_at,
    attempt.status,
    attempt.answer
FROM outbox.delivery
INNER JOIN outbox.event
    ON
        delivery.institution_id = event.institution_id
        AND delivery.sequence = event.sequence
LEFT JOIN outbox.attempt
    ON
        delivery.institution_id = attempt.institution_id
        AND delivery.endpoint_id = attempt.endpoint_id
        AND delivery.sequence = attempt.sequence
        AND delivery.attempts = attempt.attempt
WHERE
    delivery.institution_id = current_setting('karez.institution_id')::integer
    AND delivery.endpoint_id = %(endpoint)s
    AND (%(before)s::bigint IS NULL OR delivery.sequence < %(before)s)
    AND (%(state)s::text IS NULL OR delivery.state = %(state)s)
ORDER BY delivery.sequence DESC
LIMIT %(most)s;

-- name: counted
-- Count events, the last place, the places given, and the deliveries that were given up.
SELECT
    (
        SELECT count(*) FROM outbox.event
        WHERE institution_id = current_setting('karez.institution_id')::integer
    ) AS events,
    (
        SELECT coalesce(max(sequence), 0) FROM outbox.event
        WHERE institution_id = current_setting('karez.institution_id')::integer
    ) AS last,
    (
        SELECT coalesce(max(sequence), 0) FROM outbox.head
        WHERE institution_id = current_setting('karez.institution_id')::integer
    ) AS given,
    (
        SELECT count(*) FROM outbox.delivery
        WHERE
            institution_id = current_setting('karez.institution_id')::integer
            AND state = 'dead'
    ) AS dead;

-- name: miscounted_objects
-- List objects of which another number of events is here than was counted, or one is missing.
WITH kept AS (
    SELECT
        object,
        object_sequence
    FROM outbox.event
    WHERE institution_id = current_setting('karez.institution_id')::integer
    UNION ALL
    SELECT
        object,
        object_sequence
    FROM outbox.fresh
    WHERE institution_id = current_setting('karez.institution_id')::integer
),

counted AS (
    SELECT
        object,
        count(*) AS events,
        max(object_sequence) AS last
    FROM kept
    GROUP BY object
)

SELECT
    object,
    coalesce(told.events, 0) AS told,
    coalesce(counted.events, 0) AS found
FROM counted
FULL JOIN (
    SELECT
        object,
        events
    FROM outbox.object
    WHERE institution_id = current_setting('karez.institution_id')::integer
) AS told USING (object)
WHERE
    told.events IS DISTINCT FROM counted.events
    OR told.events IS DISTINCT FROM counted.last;

-- name: stuck_deliveries
-- List deliveries that no other goes before, and that are never due all the same.
SELECT
    endpoint_id,
    object,
    min(sequence) AS sequence
FROM outbox.delivery
WHERE
    institution_id = current_setting('karez.institution_id')::integer
    AND state = 'waiting'
GROUP BY endpoint_id, object
HAVING min(due_at) = 'infinity';
