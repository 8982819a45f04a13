-- name: lock_applications
-- Lock applications, in one order, until the transaction ends.
SELECT a.application_id
FROM origination.application AS a
WHERE
    a.institution_id = current_setting('karez.institution_id')::integer
    AND a.application_id = any(%(application_ids)s::uuid[])
ORDER BY a.application_id
FOR UPDATE;

-- name: known_commands
-- Find which of these commands were carried out, and on what.
SELECT
    e.command_id,
    e.application_id,
    e.kind
FROM origination.event AS e
WHERE
    e.institution_id = current_setting('karez.institution_id')::integer
    AND e.command_id = any(%(command_ids)s::uuid[]);

-- name: events
-- Read the events of applications, in order.
SELECT
    e.application_id,
    e.number,
    e.command_id,
    e.kind,
    e.valid_on,
    e.content,
    e.actor,
    e.reason,
    e.recorded_at
FROM origination.event AS e
WHERE
    e.institution_id = current_setting('karez.institution_id')::integer
    AND e.application_id = any(%(application_ids)s::uuid[])
ORDER BY e.application_id, e.number;

-- name: add_applications
-- Add applications.
INSERT INTO origination.application (
    institution_id, application_id, borrower_id, product_code, officer, submitted_on, stage,
    event_count
)
SELECT
    current_setting('karez.institution_id')::integer AS institution_id,
    r.application_id,
    r.borrower_id,
    r.product_code,
    r.officer,
    r.submitted_on,
    r.stage,
    r.event_count
FROM jsonb_to_recordset(%(rows)s::jsonb) AS r (
    application_id uuid, borrower_id uuid, product_code text, officer text, submitted_on date,
    stage text, event_count integer
);

-- name: move_applications
-- Write what follows from the events of applications.
UPDATE origination.application AS a
SET stage = r.stage, event_count = r.event_count
FROM jsonb_to_recordset(%(rows)s::jsonb) AS r (
    application_id uuid, stage text, event_count integer
)
WHERE
    a.institution_id = current_setting('karez.institution_id')::integer
    AND a.application_id = r.application_id;

-- name: add_events
-- Add events of applications.
INSERT INTO origination.event (
    institution_id, application_id, number, command_id, kind, valid_on, content, actor, reason
)
SELECT
    current_setting('karez.institution_id')::integer AS institution_id,
    r.application_id,
    r.number,
    r.command_id,
    r.kind,
    r.valid_on,
    r.content,
    r.actor,
    r.reason
FROM jsonb_to_recordset(%(rows)s::jsonb) AS r (
    application_id uuid, number integer, command_id uuid, kind text, valid_on date, content text,
    actor text, reason text
);

-- name: list_applications
-- List applications by what they are found by, the latest first; what is NULL does not matter.
SELECT a.application_id
FROM origination.application AS a
WHERE
    a.institution_id = current_setting('karez.institution_id')::integer
    AND (%(stage)s::text IS NULL OR a.stage = %(stage)s)
    AND (%(product_code)s::text IS NULL OR a.product_code = %(product_code)s)
    AND (%(officer)s::text IS NULL OR a.officer = %(officer)s)
    AND (%(borrower_ids)s::uuid[] IS NULL OR a.borrower_id = any(%(borrower_ids)s))
ORDER BY a.submitted_on DESC, a.application_id DESC
LIMIT %(most)s;

-- name: application_heads
-- Read what is kept of every application beside its events.
SELECT
    a.application_id,
    a.stage,
    a.event_count
FROM origination.application AS a
WHERE a.institution_id = current_setting('karez.institution_id')::integer
ORDER BY a.application_id;
