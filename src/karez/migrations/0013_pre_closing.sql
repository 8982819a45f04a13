-- Closing: what the end of a day leaves behind beside postings. Rows are added and never changed.
CREATE SCHEMA closing;

-- The end of one day for one part of the loans, once: what `karez close` counted while it did it.
-- Postings are transfers of the money book; moved_minor is the sum of their amounts.
CREATE TABLE closing.part_day (
    institution_id integer NOT NULL,
    valid_on date NOT NULL,
    part integer NOT NULL CHECK (part >= 0),
    loan_count integer NOT NULL CHECK (loan_count >= 0),
    posting_count integer NOT NULL CHECK (posting_count >= 0),
    moved_minor bigint NOT NULL CHECK (moved_minor >= 0),
    changed_count integer NOT NULL CHECK (changed_count >= 0),
    late_count integer NOT NULL CHECK (late_count >= 0),
    provided_count integer NOT NULL CHECK (provided_count >= 0),
    PRIMARY KEY (institution_id, valid_on, part)
);

-- What was set aside for a loan at the end of a day, and why (engines.risk.ecl.Why); it holds until
-- the next row of the loan. A loan on which nothing is owed any more ends with a row of zeros.
CREATE TABLE closing.allowance (
    institution_id integer NOT NULL,
    loan_number bigint NOT NULL,
    valid_on date NOT NULL,
    stage smallint NOT NULL CHECK (stage BETWEEN 0 AND 3),
    why smallint NOT NULL CHECK (why >= 0),
    pd double precision NOT NULL CHECK (pd BETWEEN 0 AND 1),
    lgd double precision NOT NULL CHECK (lgd BETWEEN 0 AND 1),
    exposure_minor bigint NOT NULL CHECK (exposure_minor >= 0),
    allowance_minor bigint NOT NULL CHECK (allowance_minor >= 0),
    PRIMARY KEY (institution_id, loan_number, valid_on)
);

ALTER TABLE closing.part_day ENABLE ROW LEVEL SECURITY;
CREATE POLICY institution ON closing.part_day
USING (institution_id = current_setting('karez.institution_id')::integer);
ALTER TABLE closing.allowance ENABLE ROW LEVEL SECURITY;
CREATE POLICY institution ON closing.allowance
USING (institution_id = current_setting('karez.institution_id')::integer);

GRANT USAGE ON SCHEMA closing TO karez_application, karez_reader, karez_poster;
GRANT SELECT ON ALL TABLES IN SCHEMA closing TO karez_application, karez_reader;
GRANT INSERT ON closing.part_day TO karez_application;
GRANT INSERT ON closing.allowance TO karez_poster;

-- What closing asks of lending, without reading all that ever was: loans that are not done with,
-- rows that an event has ended which was entered for a later day, and terms that were eased.
-- The tables are as new as these indexes: nobody waits for them.
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX standing_open ON lending.standing (institution_id, loan_number)
WHERE until = 'infinity' AND stage > 0;
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX standing_ended ON lending.standing (institution_id, until)
WHERE until <> 'infinity';
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX event_easing ON lending.event (institution_id, loan_number)
WHERE kind IN ('re-age', 're-amortise', 'extension', 'interest-pause');
