-- Jobs: work that is done behind the answer, by whichever worker has time.
CREATE SCHEMA jobs;

-- A piece of work. Whoever works on one holds its lease and says now and then that he still does; a
-- lease that ran out is another's to take. One that failed too often is dead until a person asks
-- for it again.
CREATE TABLE jobs.job (
    institution_id integer NOT NULL,
    job_id uuid NOT NULL,
    kind text NOT NULL CHECK (kind <> ''),
    payload text NOT NULL CHECK (payload IS JSON OBJECT),
    unique_key text,
    state text NOT NULL CHECK (
        state IN ('waiting', 'running', 'done', 'dead', 'cancelled')
    ),
    attempts integer NOT NULL CHECK (attempts >= 0),
    attempts_most integer NOT NULL CHECK (attempts_most > 0),
    due_at timestamptz NOT NULL,
    lease_id uuid,
    leased_until timestamptz,
    cancel_asked boolean NOT NULL,
    done_count bigint NOT NULL CHECK (done_count >= 0),
    failed_count bigint NOT NULL CHECK (failed_count >= 0),
    left_count bigint CHECK (left_count >= 0),
    message text NOT NULL,
    result text CHECK (result IS JSON OBJECT),
    actor text NOT NULL CHECK (actor <> ''),
    created_at timestamptz NOT NULL,
    started_at timestamptz,
    ended_at timestamptz,
    PRIMARY KEY (institution_id, job_id),
    CHECK ((state = 'running') = (lease_id IS NOT NULL)),
    CHECK ((lease_id IS NULL) = (leased_until IS NULL)),
    CHECK ((state IN ('done', 'dead', 'cancelled')) = (ended_at IS NOT NULL))
);

CREATE UNIQUE INDEX job_unique ON jobs.job (institution_id, kind, unique_key)
WHERE state IN ('waiting', 'running') AND unique_key IS NOT NULL;
CREATE INDEX job_due ON jobs.job (institution_id, due_at) WHERE state = 'waiting';
CREATE INDEX job_leased ON jobs.job (institution_id, leased_until) WHERE state = 'running';

-- Work that comes again: a job of this kind is added at each "next_at", then every so many minutes.
CREATE TABLE jobs.cron (
    institution_id integer NOT NULL,
    name text NOT NULL CHECK (name <> ''),
    kind text NOT NULL CHECK (kind <> ''),
    payload text NOT NULL CHECK (payload IS JSON OBJECT),
    every_minutes integer NOT NULL CHECK (every_minutes > 0),
    next_at timestamptz NOT NULL,
    PRIMARY KEY (institution_id, name)
);

ALTER TABLE jobs.job ENABLE ROW LEVEL SECURITY;
CREATE POLICY institution ON jobs.job
USING (institution_id = current_setting('karez.institution_id')::integer);
ALTER TABLE jobs.cron ENABLE ROW LEVEL SECURITY;
CREATE POLICY institution ON jobs.cron
USING (institution_id = current_setting('karez.institution_id')::integer);

GRANT USAGE ON SCHEMA jobs TO karez_application, karez_reader;
GRANT SELECT ON ALL TABLES IN SCHEMA jobs TO karez_application, karez_reader;
GRANT INSERT, UPDATE ON jobs.job TO karez_application;
GRANT INSERT, UPDATE, DELETE ON jobs.cron TO karez_application;
