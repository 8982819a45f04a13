-- name: enqueue
-- Add a job, unless one with its unique key is still to be done.
INSERT INTO jobs.job (
    institution_id, job_id, kind, payload, unique_key, state, attempts, attempts_most, due_at,
    cancel_asked, done_count, failed_count, message, actor, created_at
)
VALUES (
    current_setting('karez.institution_id')::integer,
    %(job_id)s,
    %(kind)s,
    %(payload)s,
    %(unique_key)s,
    'waiting',
    0,
    %(attempts_most)s,
    clock_timestamp() + %(delay)s,
    FALSE,
    0,
    0,
    '',
    %(actor)s,
    clock_timestamp()
)
ON CONFLICT DO NOTHING
RETURNING job_id;

-- name: find_unique
-- Find the job with a unique key that is still to be done.
SELECT job_id FROM jobs.job
WHERE
    institution_id = current_setting('karez.institution_id')::integer
    AND kind = %(kind)s
    AND unique_key = %(unique_key)s
    AND state IN ('waiting', 'running');

-- name: expire_leases
-- Take back the jobs of workers that were not heard of; the last attempt is not made again.
UPDATE jobs.job
SET
    state = CASE
        WHEN cancel_asked THEN 'cancelled'
        WHEN attempts >= attempts_most THEN 'dead'
        ELSE 'waiting'
    END,
    ended_at = CASE WHEN cancel_asked OR attempts >= attempts_most THEN clock_timestamp() END,
    message = 'the worker was not heard of again',
    lease_id = NULL,
    leased_until = NULL
WHERE
    institution_id = current_setting('karez.institution_id')::integer
    AND job_id IN (
        SELECT job_id FROM jobs.job
        WHERE
            institution_id = current_setting('karez.institution_id')::integer
            AND state = 'running'
            AND leased_until < clock_timestamp()
        FOR UPDATE SKIP LOCKED
    );

-- name: lease
-- Take the job that has been due for longest, of the kinds that this worker knows.
UPDATE jobs.job
SET
    state = 'running',
    attempts = attempts + 1,
    lease_id = %(lease_id)s,
    leased_until = clock_timestamp() + %(lease)s,
    started_at = clock_timestamp(),
    message = ''
WHERE
    institution_id = current_setting('karez.institution_id')::integer
    AND job_id = (
        SELECT job_id FROM jobs.job
        WHERE
            institution_id = current_setting('karez.institution_id')::integer
            AND state = 'waiting'
            AND due_at <= clock_timestamp()
            AND kind = any(%(kinds)s)
        ORDER BY due_at, job_id
        LIMIT 1
        FOR UPDATE SKIP LOCKED
    )
RETURNING job_id, kind, payload, attempts, attempts_most;

-- name: beat
-- Keep the lease, and say whether the job is to be cancelled; no row if the lease is another's.
UPDATE jobs.job
SET leased_until = clock_timestamp() + %(lease)s
WHERE
    institution_id = current_setting('karez.institution_id')::integer
    AND job_id = %(job_id)s
    AND lease_id = %(lease_id)s
RETURNING cancel_asked;

-- name: progress
-- Say how far the work is, and whether the job is to be cancelled.
UPDATE jobs.job
SET
    done_count = %(done)s,
    failed_count = %(failed)s,
    left_count = %(left_count)s,
    message = %(message)s
WHERE
    institution_id = current_setting('karez.institution_id')::integer
    AND job_id = %(job_id)s
    AND lease_id = %(lease_id)s
RETURNING cancel_asked;

-- name: end_job
-- End an attempt: done, cancelled, dead, or waiting for the next.
UPDATE jobs.job
SET
    state = %(state)s,
    result = %(result)s,
    message = coalesce(%(message)s, message),
    due_at = clock_timestamp() + %(delay)s,
    ended_at = CASE WHEN %(state)s <> 'waiting' THEN clock_timestamp() END,
    lease_id = NULL,
    leased_until = NULL
WHERE
    institution_id = current_setting('karez.institution_id')::integer
    AND job_id = %(job_id)s
    AND lease_id = %(lease_id)s
RETURNING job_id;

-- name: cancel
-- Cancel a job that waits, or ask its worker to stop.
UPDATE jobs.job
SET
    cancel_asked = TRUE,
    state = CASE WHEN state = 'waiting' THEN 'cancelled' ELSE state END,
    ended_at = CASE WHEN state = 'waiting' THEN clock_timestamp() END
WHERE
    institution_id = current_setting('karez.institution_id')::integer
    AND job_id = %(job_id)s
    AND state IN ('waiting', 'running')
RETURNING job_id;

-- name: retry
-- Begin a job that is dead or was cancelled again, now, as if it had never been tried.
UPDATE jobs.job
SET
    state = 'waiting',
    attempts = 0,
    cancel_asked = FALSE,
    due_at = clock_timestamp(),
    ended_at = NULL
WHERE
    institution_id = current_setting('karez.institution_id')::integer
    AND job_id = %(job_id)s
    AND state IN ('dead', 'cancelled')
    AND NOT EXISTS (
        SELECT FROM jobs.job AS other
        WHERE
            other.institution_id = job.institution_id
            AND other.kind = job.kind
            AND other.unique_key = job.unique_key
            AND other.state IN ('waiting', 'running')
    )
RETURNING job_id;

-- name: list_jobs
-- List jobs, the newest first, before one of them.
SELECT
    job_id,
    kind,
    payload,
    unique_key,
    state,
    attempts,
    attempts_most,
    due_at,
    cancel_asked,
    done_count,
    failed_count,
    left_count,
    message,
    result,
    actor,
    created_at,
    started_at,
    ended_at
FROM jobs.job
WHERE
    institution_id = current_setting('karez.institution_id')::integer
    AND (%(job_id)s::uuid IS NULL OR job_id = %(job_id)s)
    AND (%(before)s::uuid IS NULL OR job_id < %(before)s)
    AND (%(kind)s::text IS NULL OR kind = %(kind)s)
    AND (%(state)s::text IS NULL OR state = %(state)s)
ORDER BY job_id DESC
LIMIT %(most)s;

-- name: set_cron
-- Say that a job is to come again and again; its next time stays if the interval does.
INSERT INTO jobs.cron (institution_id, name, kind, payload, every_minutes, next_at)
VALUES (
    current_setting('karez.institution_id')::integer,
    %(name)s,
    %(kind)s,
    %(payload)s,
    %(every_minutes)s,
    %(first_at)s
)
ON CONFLICT (institution_id, name) DO UPDATE
    SET
        kind = excluded.kind,
        payload = excluded.payload,
        next_at = CASE
            WHEN cron.every_minutes = excluded.every_minutes THEN cron.next_at
            ELSE excluded.next_at
        END,
        every_minutes = excluded.every_minutes;

-- name: drop_cron
-- Say that a job is to come no more.
DELETE FROM jobs.cron
WHERE
    institution_id = current_setting('karez.institution_id')::integer
    AND name = %(name)s;

-- name: tick
-- Move what is due to the next time that is still to come; missed times are made up by one job.
UPDATE jobs.cron
SET
    next_at = next_at + every_minutes * interval '1 minute'
    * (1 + floor(extract(EPOCH FROM clock_timestamp() - next_at) / 60 / every_minutes))
WHERE
    institution_id = current_setting('karez.institution_id')::integer
    AND name IN (
        SELECT name FROM jobs.cron
        WHERE
            institution_id = current_setting('karez.institution_id')::integer
            AND next_at <= clock_timestamp()
        FOR UPDATE SKIP LOCKED
    )
RETURNING name, kind, payload;
