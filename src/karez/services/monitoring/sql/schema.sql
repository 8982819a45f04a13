-- Monitoring: what is thought of loans that run.
CREATE SCHEMA monitoring;

-- The default probability of a loan as of a day, which holds until the next row of the loan; before
-- the first one that of the booking holds. A stale one is what held before: no facts could be read.
-- Rows are added and never changed.
CREATE TABLE monitoring.score (
    institution_id integer NOT NULL,
    loan_number bigint NOT NULL CHECK (loan_number > 0),
    valid_on date NOT NULL,
    pd double precision NOT NULL,
    pd_low double precision NOT NULL,
    pd_high double precision NOT NULL,
    model_sha256 text NOT NULL CHECK (model_sha256 <> ''),
    is_stale boolean NOT NULL,
    use_id uuid,
    reasons text NOT NULL CHECK (reasons IS JSON ARRAY),
    figures text NOT NULL CHECK (figures IS JSON OBJECT),
    actor text NOT NULL CHECK (actor <> ''),
    recorded_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (institution_id, loan_number, valid_on),
    CHECK (pd_low >= 0 AND pd_low <= pd AND pd <= pd_high AND pd_high <= 1),
    -- What is fresh rests on facts that a use of a consent has opened; a stale one may name the use
    -- that was refused.
    CHECK (is_stale OR use_id IS NOT NULL)
);

-- The probability of the last score of each loan that is not stale: the end of a day reads as many
-- rows as there are loans, however often they were scored.
CREATE TABLE monitoring.newest (
    institution_id integer NOT NULL,
    loan_number bigint NOT NULL,
    pd double precision NOT NULL,
    PRIMARY KEY (institution_id, loan_number)
);

ALTER TABLE monitoring.score ENABLE ROW LEVEL SECURITY;
CREATE POLICY institution ON monitoring.score
USING (institution_id = current_setting('karez.institution_id')::integer);
ALTER TABLE monitoring.newest ENABLE ROW LEVEL SECURITY;
CREATE POLICY institution ON monitoring.newest
USING (institution_id = current_setting('karez.institution_id')::integer);

GRANT USAGE ON SCHEMA monitoring TO karez_application, karez_reader;
GRANT SELECT ON monitoring.score, monitoring.newest TO karez_application, karez_reader;
GRANT INSERT ON monitoring.score, monitoring.newest TO karez_application;
GRANT UPDATE (pd) ON monitoring.newest TO karez_application;
