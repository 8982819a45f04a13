-- Lending: what was agreed and what happened (loan, event: rows are added and never changed), and
-- what follows from it (standing, outlook: a fold would find the same, and `karez verify` does).
CREATE SCHEMA lending;

-- What was agreed. `terms` and `late` are the engine's terms and policy of late charges. The
-- accounts are numbers of the money book; those of fees and of what a borrower has paid too much
-- are opened when they are first needed. `limit_minor` is the most that may be paid out in all;
-- where the loan revolves until before a day, the most that may be owed of it; NULL is no limit.
CREATE TABLE lending.loan (
    institution_id integer NOT NULL,
    loan_number bigint NOT NULL CHECK (loan_number > 0),
    loan_id uuid NOT NULL,
    product_code text,
    product_version integer CHECK (product_version > 0),
    borrower_id uuid NOT NULL,
    currency text NOT NULL CHECK (currency <> ''),
    terms text NOT NULL CHECK (terms IS JSON OBJECT),
    late text NOT NULL CHECK (late IS JSON OBJECT),
    opened_on date NOT NULL,
    principal_account bigint NOT NULL,
    interest_account bigint NOT NULL,
    fee_account bigint,
    credit_account bigint,
    pd double precision NOT NULL CHECK (pd BETWEEN 0 AND 1),
    lgd double precision NOT NULL CHECK (lgd BETWEEN 0 AND 1),
    officer text NOT NULL,
    place text NOT NULL,
    industry text NOT NULL,
    application_id uuid,
    reference text NOT NULL,
    recorded_at timestamptz NOT NULL,
    limit_minor bigint,
    revolves_until date,
    PRIMARY KEY (institution_id, loan_number),
    CHECK ((product_code IS NULL) = (product_version IS NULL)),
    CONSTRAINT loan_limit_check CHECK (
        limit_minor > 0 OR (limit_minor IS NULL AND revolves_until IS NULL)
    )
);

CREATE UNIQUE INDEX loan_id ON lending.loan (institution_id, loan_id);
CREATE INDEX loan_borrower ON lending.loan (institution_id, borrower_id);
CREATE INDEX loan_reference ON lending.loan (institution_id, reference) WHERE reference <> '';

-- What happened, in the order in which it was entered. `valid_on` is the day from which it counts,
-- `posted_on` the business day on which it was entered. `content` is the engine's event.
CREATE TABLE lending.event (
    institution_id integer NOT NULL,
    loan_number bigint NOT NULL,
    number integer NOT NULL CHECK (number > 0),
    kind text NOT NULL CHECK (kind <> ''),
    valid_on date NOT NULL,
    posted_on date NOT NULL,
    amount_minor bigint,
    channel text,
    content text NOT NULL CHECK (content IS JSON OBJECT),
    command_id uuid NOT NULL,
    actor text NOT NULL CHECK (actor <> ''),
    reason text NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (institution_id, loan_number, number)
);

CREATE UNIQUE INDEX event_command ON lending.event (institution_id, command_id);

-- How a loan stands at the end of each day from `since` until before `until`, if nothing more
-- happens. Amounts stay the same over the days of a row but for interest, which grows evenly over a
-- stretch: what has accrued of it by a day is accrual_base_minor and the part of the way to
-- accrual_target_minor, rounded down, and of that interest_settled_minor was paid or given up.
-- Fees that become income evenly follow the same stretch. From the day after `holds_until` on the
-- row of a loan is found from its outlook. The last row of a loan has no `until`.
CREATE TABLE lending.standing (
    institution_id integer NOT NULL,
    loan_number bigint NOT NULL,
    since date NOT NULL,
    until date NOT NULL DEFAULT 'infinity',
    status smallint NOT NULL CHECK (status BETWEEN 0 AND 15),
    stage smallint NOT NULL DEFAULT 1 CHECK (stage BETWEEN 0 AND 3),
    principal_minor bigint NOT NULL,
    interest_settled_minor bigint NOT NULL,
    fees_minor bigint NOT NULL,
    penalties_minor bigint NOT NULL,
    credit_minor bigint NOT NULL,
    overdue_principal_minor bigint NOT NULL,
    overdue_interest_minor bigint NOT NULL,
    overdue_fees_minor bigint NOT NULL,
    overdue_penalties_minor bigint NOT NULL,
    oldest_due date,
    next_due date,
    accrual_from date NOT NULL,
    accrual_until date NOT NULL,
    accrual_base_minor bigint NOT NULL,
    accrual_target_minor bigint NOT NULL,
    fee_income_base_minor bigint NOT NULL,
    fee_income_target_minor bigint NOT NULL,
    holds_until date NOT NULL,
    PRIMARY KEY (institution_id, loan_number, since),
    CHECK (since < until),
    CHECK (accrual_from < accrual_until)
);

CREATE UNIQUE INDEX standing_last ON lending.standing (institution_id, loan_number)
WHERE until = 'infinity';
-- The worklist of whoever collects: the latest first, then by what is late.
CREATE INDEX standing_overdue ON lending.standing (
    institution_id,
    oldest_due,
    (
        -(
            overdue_principal_minor + overdue_interest_minor
            + overdue_fees_minor + overdue_penalties_minor
        )
    ),
    loan_number
) WHERE until = 'infinity' AND oldest_due IS NOT NULL;

-- All that closing needs of a loan until its next event: rows of the engine's OUTLOOK, as bytes.
CREATE TABLE lending.outlook (
    institution_id integer NOT NULL,
    loan_number bigint NOT NULL,
    stretches bytea NOT NULL,
    PRIMARY KEY (institution_id, loan_number)
);

-- Loans, 8192 at a time (loan_number >> 13), and the day through which their days are ended.
-- Who records an event locks the row of the part for sharing; who ends a day locks it for himself.
CREATE TABLE lending.part (
    institution_id integer NOT NULL,
    part integer NOT NULL CHECK (part >= 0),
    closed_on date NOT NULL,
    PRIMARY KEY (institution_id, part)
);

-- The day through which all loans are ended. The day after is the business date.
CREATE TABLE lending.day (
    institution_id integer NOT NULL,
    closed_on date NOT NULL,
    PRIMARY KEY (institution_id)
);

-- One institution cannot see another's rows, whatever the query.
ALTER TABLE lending.loan ENABLE ROW LEVEL SECURITY;
CREATE POLICY institution ON lending.loan
USING (institution_id = current_setting('karez.institution_id')::integer);
ALTER TABLE lending.event ENABLE ROW LEVEL SECURITY;
CREATE POLICY institution ON lending.event
USING (institution_id = current_setting('karez.institution_id')::integer);
ALTER TABLE lending.standing ENABLE ROW LEVEL SECURITY;
CREATE POLICY institution ON lending.standing
USING (institution_id = current_setting('karez.institution_id')::integer);
ALTER TABLE lending.outlook ENABLE ROW LEVEL SECURITY;
CREATE POLICY institution ON lending.outlook
USING (institution_id = current_setting('karez.institution_id')::integer);
ALTER TABLE lending.part ENABLE ROW LEVEL SECURITY;
CREATE POLICY institution ON lending.part
USING (institution_id = current_setting('karez.institution_id')::integer);
ALTER TABLE lending.day ENABLE ROW LEVEL SECURITY;
CREATE POLICY institution ON lending.day
USING (institution_id = current_setting('karez.institution_id')::integer);

-- Loans and events are added by COPY, as the poster, and never changed; of a loan alone the two
-- accounts that it gets later. What follows from them is written anew.
GRANT USAGE ON SCHEMA lending TO karez_application, karez_reader, karez_poster;
GRANT SELECT ON ALL TABLES IN SCHEMA lending TO karez_application, karez_reader;
GRANT INSERT ON lending.loan, lending.event, lending.standing, lending.outlook TO karez_poster;
GRANT UPDATE (fee_account, credit_account) ON lending.loan TO karez_application;
GRANT UPDATE, DELETE ON lending.standing, lending.outlook TO karez_application;
GRANT INSERT ON lending.part, lending.day TO karez_application;
GRANT UPDATE (closed_on) ON lending.part, lending.day TO karez_application;
