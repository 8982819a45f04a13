-- Payouts: what the lender sends by files to its bank. Rows are added and never changed.
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
