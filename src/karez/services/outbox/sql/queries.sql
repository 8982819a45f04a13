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
    RETURNING institution_id, sequence, object, kind
),

moved AS (
    UPDATE outbox.head
    SET sequence = %(sequence)s + (SELECT count(*) FROM placed)
    WHERE institution_id = current_setting('karez.institution_id')::integer
),

wanted AS (
    SELECT
        endpoint.endpoint_id,
        placed.sequence,
        placed.object,
        row_number() OVER (
            PARTITION BY endpoint.endpoint_id, placed.object ORDER BY placed.sequence
        ) AS ordinal
    FROM placed
    INNER JOIN outbox.endpoint ON placed.institution_id = endpoint.institution_id
    WHERE
        endpoint.state IN ('active', 'paused')
        AND CASE
            WHEN placed.kind = 'webhook.test'
                THEN placed.object = 'webhook:' || endpoint.endpoint_id
            ELSE EXISTS (
                SELECT FROM unnest(endpoint.kinds) AS wanted_kind
                WHERE
                    wanted_kind IN ('*', placed.kind)
                    OR (
                        wanted_kind LIKE '%%.*'
                        AND starts_with(placed.kind, left(wanted_kind, -1))
                    )
            )
        END
),

sent AS (
    INSERT INTO outbox.delivery (
        institution_id, endpoint_id, sequence, object, state, attempts, failures, due_at
    )
    SELECT
        current_setting('karez.institution_id')::integer,
        wanted.endpoint_id,
        wanted.sequence,
        wanted.object,
        'waiting',
        0,
        0,
        CASE
            WHEN
                wanted.ordinal = 1 AND NOT EXISTS (
                    SELECT FROM outbox.delivery AS before
                    WHERE
                        before.institution_id
                        = current_setting('karez.institution_id')::integer
                        AND before.endpoint_id = wanted.endpoint_id
                        AND before.object = wanted.object
                        AND before.state = 'waiting'
                )
                THEN clock_timestamp()
            ELSE 'infinity'
        END
    FROM wanted
)

SELECT count(*) FROM placed;

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
