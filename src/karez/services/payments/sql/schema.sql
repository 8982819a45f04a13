-- Payments: what banks and counters say came in and went out, and what was done with it. Rows are
-- added and never changed, but for the counters of the desk.
CREATE SCHEMA payments;

-- The counters of each institution. Whoever has locked this row takes statements or moves money.
CREATE TABLE payments.desk (
    institution_id integer NOT NULL,
    statements integer NOT NULL CHECK (statements >= 0),
    entries bigint NOT NULL CHECK (entries >= 0),
    acts bigint NOT NULL CHECK (acts >= 0),
    receipts bigint NOT NULL CHECK (receipts >= 0),
    promises bigint NOT NULL CHECK (promises >= 0),
    PRIMARY KEY (institution_id)
);

-- A statement that was taken. "channel" is the account of the chart that the bank account is;
-- "digest" tells the same statement from another. A notice has no balances. One that "follows" goes
-- on where the last one closed, so nothing in it can have been in another file.
CREATE TABLE payments.statement (
    institution_id integer NOT NULL,
    statement_number integer NOT NULL CHECK (statement_number > 0),
    account text NOT NULL CHECK (account <> ''),
    number text NOT NULL,
    currency text NOT NULL CHECK (currency <> ''),
    channel text NOT NULL CHECK (channel <> ''),
    opened_on date,
    opening_minor bigint,
    closed_on date,
    closing_minor bigint,
    movement_minor bigint NOT NULL,
    entries integer NOT NULL CHECK (entries >= 0),
    known_before integer NOT NULL CHECK (known_before BETWEEN 0 AND entries),
    follows boolean NOT NULL,
    file text NOT NULL,
    digest bytea NOT NULL CHECK (length(digest) = 32),
    actor text NOT NULL CHECK (actor <> ''),
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (institution_id, statement_number),
    CHECK (
        (opening_minor IS NULL) = (opened_on IS NULL)
        AND (closing_minor IS NULL) = (closed_on IS NULL)
    ),
    CHECK (opening_minor IS NULL OR opening_minor + movement_minor = closing_minor)
);

CREATE UNIQUE INDEX statement_digest ON payments.statement (institution_id, digest);
CREATE INDEX statement_account ON payments.statement (institution_id, account, statement_number);

-- One payment, as the bank told it; positive came in. Payments that the bank booked as one share
-- "key": the same key in another file is the same booking. "content" finds a booking again where
-- one of two files has no id of the bank's.
CREATE TABLE payments.entry (
    institution_id integer NOT NULL,
    entry_number bigint NOT NULL CHECK (entry_number > 0),
    statement_number integer NOT NULL,
    line integer NOT NULL,
    part integer NOT NULL CHECK (part >= 0),
    payments integer NOT NULL CHECK (payments > 0),
    booked_on date NOT NULL,
    valid_on date NOT NULL,
    amount_minor bigint NOT NULL,
    is_reversal boolean NOT NULL,
    bank_reference text NOT NULL,
    end_to_end text NOT NULL,
    mandate text NOT NULL,
    creditor_reference text NOT NULL,
    remittance text NOT NULL,
    name text NOT NULL,
    account text NOT NULL,
    code text NOT NULL,
    key bytea NOT NULL CHECK (length(key) = 16),
    content bytea NOT NULL CHECK (length(content) = 16),
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (institution_id, entry_number)
);

CREATE UNIQUE INDEX entry_key ON payments.entry (institution_id, key, part);
CREATE INDEX entry_content ON payments.entry (institution_id, content);
CREATE INDEX entry_statement ON payments.entry (institution_id, statement_number);
CREATE INDEX entry_account ON payments.entry (institution_id, account) WHERE account <> '';
CREATE INDEX entry_mandate ON payments.entry (institution_id, mandate) WHERE mandate <> '';
CREATE INDEX entry_end_to_end ON payments.entry (institution_id, end_to_end)
WHERE end_to_end <> '';

-- What was done with (a part of) an entry, and on what grounds. The acts of its taking place all of
-- its amount: on a loan, on suspense, or as a confirmation of what the book has already. Later acts
-- move what lies on suspense, "suspense_minor" of it; "mirrors" is the act that one takes back.
CREATE TABLE payments.act (
    institution_id integer NOT NULL,
    act_number bigint NOT NULL CHECK (act_number > 0),
    entry_number bigint NOT NULL,
    kind text NOT NULL CHECK (
        kind IN (
            'match', 'hold', 'confirm', 'take-back', 'assign', 'place', 'return', 'undo',
            'taken-back'
        )
    ),
    amount_minor bigint NOT NULL CHECK (amount_minor <> 0),
    suspense_minor bigint NOT NULL,
    loan_number bigint,
    event_number integer,
    ledger text,
    mirrors bigint,
    rule text NOT NULL,
    reason text NOT NULL,
    evidence text NOT NULL CHECK (evidence IS JSON OBJECT),
    valid_on date NOT NULL,
    actor text NOT NULL CHECK (actor <> ''),
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (institution_id, act_number),
    CHECK ((loan_number IS NULL) = (event_number IS NULL))
);

CREATE INDEX act_entry ON payments.act (institution_id, entry_number);
CREATE INDEX act_suspense ON payments.act (institution_id, entry_number)
WHERE suspense_minor <> 0;
CREATE UNIQUE INDEX act_mirrors ON payments.act (institution_id, mirrors)
WHERE mirrors IS NOT NULL;
CREATE INDEX act_loan ON payments.act (institution_id, loan_number)
WHERE loan_number IS NOT NULL;

-- What somebody told of a loan: that payments under a mandate, from an account, or with an
-- end-to-end id are for it.
CREATE TABLE payments.mark (
    institution_id integer NOT NULL,
    kind text NOT NULL CHECK (kind IN ('mandate', 'account', 'end-to-end')),
    value text NOT NULL CHECK (value <> ''),
    loan_number bigint NOT NULL,
    actor text NOT NULL CHECK (actor <> ''),
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (institution_id, kind, value, loan_number)
);

-- Cash that was taken at a counter.
CREATE TABLE payments.receipt (
    institution_id integer NOT NULL,
    receipt text NOT NULL CHECK (receipt <> ''),
    loan_number bigint NOT NULL,
    event_number integer NOT NULL,
    amount_minor bigint NOT NULL CHECK (amount_minor > 0),
    received_on date NOT NULL,
    outlet text NOT NULL,
    channel text NOT NULL CHECK (channel <> ''),
    actor text NOT NULL CHECK (actor <> ''),
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (institution_id, receipt)
);

-- A borrower said that so much would be paid by a day. Whether it was follows from the payments.
CREATE TABLE payments.promise (
    institution_id integer NOT NULL,
    promise_number bigint NOT NULL CHECK (promise_number > 0),
    loan_number bigint NOT NULL,
    made_on date NOT NULL,
    promised_on date NOT NULL,
    amount_minor bigint NOT NULL CHECK (amount_minor > 0),
    note text NOT NULL,
    actor text NOT NULL CHECK (actor <> ''),
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (institution_id, promise_number),
    CHECK (made_on <= promised_on)
);

CREATE INDEX promise_loan ON payments.promise (institution_id, loan_number);

-- One institution cannot see another's rows, whatever the query.
ALTER TABLE payments.desk ENABLE ROW LEVEL SECURITY;
CREATE POLICY institution ON payments.desk
USING (institution_id = current_setting('karez.institution_id')::integer);
ALTER TABLE payments.statement ENABLE ROW LEVEL SECURITY;
CREATE POLICY institution ON payments.statement
USING (institution_id = current_setting('karez.institution_id')::integer);
ALTER TABLE payments.entry ENABLE ROW LEVEL SECURITY;
CREATE POLICY institution ON payments.entry
USING (institution_id = current_setting('karez.institution_id')::integer);
ALTER TABLE payments.act ENABLE ROW LEVEL SECURITY;
CREATE POLICY institution ON payments.act
USING (institution_id = current_setting('karez.institution_id')::integer);
ALTER TABLE payments.mark ENABLE ROW LEVEL SECURITY;
CREATE POLICY institution ON payments.mark
USING (institution_id = current_setting('karez.institution_id')::integer);
ALTER TABLE payments.receipt ENABLE ROW LEVEL SECURITY;
CREATE POLICY institution ON payments.receipt
USING (institution_id = current_setting('karez.institution_id')::integer);
ALTER TABLE payments.promise ENABLE ROW LEVEL SECURITY;
CREATE POLICY institution ON payments.promise
USING (institution_id = current_setting('karez.institution_id')::integer);

-- Rows are added as the poster, whom row-level security does not hold; nobody changes them.
GRANT USAGE ON SCHEMA payments TO karez_application, karez_reader, karez_poster;
GRANT SELECT ON ALL TABLES IN SCHEMA payments TO karez_application, karez_reader;
GRANT INSERT ON
payments.statement, payments.entry, payments.act, payments.mark, payments.receipt,
payments.promise TO karez_poster;
GRANT INSERT, UPDATE ON payments.desk TO karez_application;

-- Where the money of a loan is to go, by the latest version: what is paid out to the borrower's
-- account or a supplier's, what was paid too much to the borrower's.
CREATE TABLE payments.payee (
    institution_id integer NOT NULL,
    loan_number bigint NOT NULL,
    kind text NOT NULL CHECK (kind IN ('disbursement', 'refund')),
    version integer NOT NULL CHECK (version > 0),
    name text NOT NULL CHECK (name <> ''),
    account text NOT NULL CHECK (account <> ''),
    bic text NOT NULL,
    actor text NOT NULL CHECK (actor <> ''),
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (institution_id, loan_number, kind, version)
);

-- A file of payouts for the bank: from which of our accounts, which the chart has as "channel".
CREATE TABLE payments.payout_file (
    institution_id integer NOT NULL,
    file_number integer NOT NULL CHECK (file_number > 0),
    account text NOT NULL CHECK (account <> ''),
    bic text NOT NULL,
    name text NOT NULL CHECK (name <> ''),
    channel text NOT NULL CHECK (channel <> ''),
    currency text NOT NULL CHECK (currency <> ''),
    execute_on date NOT NULL,
    payouts integer NOT NULL CHECK (payouts > 0),
    sum_minor bigint NOT NULL CHECK (sum_minor > 0),
    actor text NOT NULL CHECK (actor <> ''),
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (institution_id, file_number)
);

-- One payout of a file: of an event of a loan, or of the act that gives a payment back. "attempt"
-- counts the files that it was in; it is in another one only after the bank has refused it.
CREATE TABLE payments.payout (
    institution_id integer NOT NULL,
    file_number integer NOT NULL,
    line integer NOT NULL CHECK (line > 0),
    kind text NOT NULL CHECK (kind IN ('disbursement', 'refund', 'return')),
    amount_minor bigint NOT NULL CHECK (amount_minor > 0),
    loan_number bigint,
    event_number integer,
    returns bigint,
    attempt integer NOT NULL CHECK (attempt > 0),
    end_to_end text NOT NULL CHECK (end_to_end <> ''),
    name text NOT NULL CHECK (name <> ''),
    account text NOT NULL CHECK (account <> ''),
    bic text NOT NULL,
    remittance text NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (institution_id, file_number, line),
    CHECK ((loan_number IS NULL) = (event_number IS NULL)),
    CHECK ((loan_number IS NULL) <> (returns IS NULL))
);

CREATE UNIQUE INDEX payout_end_to_end ON payments.payout (institution_id, end_to_end);
CREATE UNIQUE INDEX payout_event
ON payments.payout (institution_id, loan_number, event_number, attempt)
WHERE loan_number IS NOT NULL;
CREATE UNIQUE INDEX payout_returns ON payments.payout (institution_id, returns, attempt)
WHERE returns IS NOT NULL;

-- The bank refused a payout, or the whole file ("code" is void then): it waits again.
CREATE TABLE payments.payout_refusal (
    institution_id integer NOT NULL,
    file_number integer NOT NULL,
    line integer NOT NULL,
    code text NOT NULL CHECK (code <> ''),
    reason text NOT NULL CHECK (reason <> ''),
    actor text NOT NULL CHECK (actor <> ''),
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (institution_id, file_number, line)
);

ALTER TABLE payments.payee ENABLE ROW LEVEL SECURITY;
CREATE POLICY institution ON payments.payee
USING (institution_id = current_setting('karez.institution_id')::integer);
ALTER TABLE payments.payout_file ENABLE ROW LEVEL SECURITY;
CREATE POLICY institution ON payments.payout_file
USING (institution_id = current_setting('karez.institution_id')::integer);
ALTER TABLE payments.payout ENABLE ROW LEVEL SECURITY;
CREATE POLICY institution ON payments.payout
USING (institution_id = current_setting('karez.institution_id')::integer);
ALTER TABLE payments.payout_refusal ENABLE ROW LEVEL SECURITY;
CREATE POLICY institution ON payments.payout_refusal
USING (institution_id = current_setting('karez.institution_id')::integer);

GRANT SELECT ON
payments.payee, payments.payout_file, payments.payout, payments.payout_refusal
TO karez_application, karez_reader;
GRANT INSERT ON
payments.payee, payments.payout_file, payments.payout, payments.payout_refusal
TO karez_poster;
