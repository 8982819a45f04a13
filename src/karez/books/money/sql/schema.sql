-- The money book: who owes whom. Append-only, one write path (karez.books.money.post).
--
-- Every change of an institution's book is a batch. A batch has a number, an instant and a digest
-- that covers its rows and the digest before it. Rows of the five chained tables (kind, account,
-- period, note, transfer) carry the instant of their batch, their position in it, and a checksum
-- of the row, which names the row where the digest names the batch.
CREATE SCHEMA money;

-- The head of each institution's chain. Whoever has locked this row holds the pen.
CREATE TABLE money.book (
    institution_id integer NOT NULL,
    number bigint NOT NULL CHECK (number >= 0),
    recorded_at timestamptz NOT NULL,
    digest bytea NOT NULL CHECK (length(digest) = 32),
    account_count bigint NOT NULL CHECK (account_count >= 0),
    transfer_count bigint NOT NULL CHECK (transfer_count >= 0),
    -- All that was ever moved or held. While it stays below 2^62, no sum in the book can overflow.
    volume_minor bigint NOT NULL CHECK (volume_minor BETWEEN 0 AND 4611686018427387904),
    closed_through date,
    PRIMARY KEY (institution_id)
);

CREATE TABLE money.batch (
    institution_id integer NOT NULL,
    number bigint NOT NULL CHECK (number > 0),
    recorded_at timestamptz NOT NULL,
    transfer_count integer NOT NULL CHECK (transfer_count >= 0),
    digest bytea NOT NULL CHECK (length(digest) = 32),
    PRIMARY KEY (institution_id, number)
);

CREATE UNIQUE INDEX batch_recorded_at ON money.batch (institution_id, recorded_at);

-- What an entry is for, as the institution names it: 'repayment', 'fee', 'reversal'.
CREATE TABLE money.kind (
    institution_id integer NOT NULL,
    kind smallint NOT NULL CHECK (kind >= 0),
    name text NOT NULL CHECK (name <> ''),
    recorded_at timestamptz NOT NULL,
    position integer NOT NULL CHECK (position >= 0),
    checksum bigint NOT NULL,
    PRIMARY KEY (institution_id, kind)
);

CREATE UNIQUE INDEX kind_name ON money.kind (institution_id, name);

-- The chart of accounts, a row for each version of an account; the highest version is in force.
CREATE TABLE money.account (
    institution_id integer NOT NULL,
    account_number bigint NOT NULL CHECK (account_number > 0),
    version integer NOT NULL CHECK (version > 0),
    account_id uuid NOT NULL,
    code text NOT NULL CHECK (code <> ''),
    name text NOT NULL,
    type text NOT NULL CHECK (type IN ('asset', 'liability', 'equity', 'income', 'expense')),
    normal_side text NOT NULL CHECK (normal_side IN ('debit', 'credit')),
    currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    parent_number bigint,
    floor_minor bigint,
    ceiling_minor bigint,
    closed_on date,
    recorded_at timestamptz NOT NULL,
    position integer NOT NULL CHECK (position >= 0),
    checksum bigint NOT NULL,
    PRIMARY KEY (institution_id, account_number, version),
    CHECK (parent_number <> account_number),
    CHECK (floor_minor <= ceiling_minor)
);

CREATE UNIQUE INDEX account_code ON money.account (institution_id, code, version);
CREATE INDEX account_recorded_at ON money.account (institution_id, recorded_at);
CREATE UNIQUE INDEX account_id ON money.account (institution_id, account_id) WHERE version = 1;

-- Closings and reopenings: no entry may be dated on or before closed_through.
CREATE TABLE money.period (
    institution_id integer NOT NULL,
    action text NOT NULL CHECK (action IN ('close', 'reopen')),
    closed_through date,
    actor text NOT NULL CHECK (actor <> ''),
    reason text NOT NULL,
    recorded_at timestamptz NOT NULL,
    position integer NOT NULL CHECK (position >= 0),
    checksum bigint NOT NULL,
    PRIMARY KEY (institution_id, recorded_at, position)
);

-- What is said about an entry, where anything is said.
CREATE TABLE money.note (
    institution_id integer NOT NULL,
    entry_id uuid NOT NULL,
    memo text NOT NULL,
    reference text NOT NULL CHECK (reference IS JSON OBJECT),
    recorded_at timestamptz NOT NULL,
    position integer NOT NULL CHECK (position >= 0),
    checksum bigint NOT NULL,
    PRIMARY KEY (institution_id, entry_id)
);

-- A transfer moves amount_minor from credit_account to debit_account; hold_minor is what it adds
-- to (or takes off) the pending amounts of both. So every balance is a plain sum of two columns.
-- Phases: 1 posted, 2 pending, 3 post of a pending, 4 void of a pending, 5 expiry of a pending.
-- Columns stand widest first, which saves 16 bytes a row; those that are rarely set stand last.
CREATE TABLE money.transfer (
    recorded_at timestamptz NOT NULL,
    debit_account bigint NOT NULL,
    credit_account bigint NOT NULL,
    amount_minor bigint NOT NULL,
    hold_minor bigint NOT NULL,
    checksum bigint NOT NULL,
    entry_id uuid NOT NULL,
    institution_id integer NOT NULL,
    line integer NOT NULL,
    position integer NOT NULL,
    valid_on date NOT NULL,
    kind smallint NOT NULL,
    phase smallint NOT NULL,
    balancing smallint NOT NULL,
    target_entry_id uuid,
    target_line integer,
    asked_minor bigint,
    expires_at timestamptz,
    PRIMARY KEY (institution_id, entry_id, line),
    -- One constraint, not twelve: each costs a COPY more than its comparison does.
    CONSTRAINT transfer_sound CHECK (
        line >= 0
        AND position >= 0
        AND debit_account > 0
        AND credit_account > 0
        AND debit_account <> credit_account
        AND amount_minor <= 1000000000000000
        AND hold_minor BETWEEN -1000000000000000 AND 1000000000000000
        AND balancing BETWEEN 0 AND 3
        AND coalesce(asked_minor, 1) > 0
        AND (target_entry_id IS NULL) = (target_line IS NULL)
        AND CASE phase
            WHEN 1 THEN amount_minor > 0 AND hold_minor = 0 AND expires_at IS NULL
            WHEN 2 THEN amount_minor = 0 AND hold_minor > 0 AND target_line IS NULL
            WHEN 3 THEN amount_minor BETWEEN 1 AND -hold_minor AND target_line IS NOT NULL
            ELSE
                phase IN (4, 5) AND amount_minor = 0 AND hold_minor < 0
                AND target_line IS NOT NULL
        END
    )
);

-- A pending transfer is resolved once and a posted one reversed once.
CREATE UNIQUE INDEX transfer_target
ON money.transfer (institution_id, target_entry_id, target_line)
WHERE target_entry_id IS NOT NULL;

CREATE INDEX transfer_expiry ON money.transfer (institution_id, expires_at)
WHERE expires_at IS NOT NULL;

-- The table grows in the order of recorded_at, so a few bytes a page range find any stretch of it.
CREATE INDEX transfer_recorded_at ON money.transfer USING brin (recorded_at)
WITH (pages_per_range = 16, autosummarize = on);

-- Derived from here on; `karez verify` recomputes it. A seal sorts a stretch of batches by account
-- and value date, with running sums, so that any past balance is a few look-ups.
CREATE TABLE money.seal (
    institution_id integer NOT NULL,
    seal_number integer NOT NULL CHECK (seal_number > 0),
    after_recorded_at timestamptz NOT NULL,
    through_recorded_at timestamptz NOT NULL,
    transfer_count integer NOT NULL CHECK (transfer_count > 0),
    has_balances boolean NOT NULL,
    PRIMARY KEY (institution_id, seal_number)
);

-- One side of one transfer. The four running sums are of the account within the seal, over
-- all lines up to this one by (valid_on, recorded_at, position).
CREATE TABLE money.line (
    recorded_at timestamptz NOT NULL,
    account_number bigint NOT NULL,
    counter_account bigint NOT NULL,
    amount_minor bigint NOT NULL,
    hold_minor bigint NOT NULL,
    debits_posted_minor bigint NOT NULL,
    credits_posted_minor bigint NOT NULL,
    debits_pending_minor bigint NOT NULL,
    credits_pending_minor bigint NOT NULL,
    entry_id uuid NOT NULL,
    institution_id integer NOT NULL,
    seal_number integer NOT NULL,
    valid_on date NOT NULL,
    position integer NOT NULL,
    line integer NOT NULL,
    kind smallint NOT NULL,
    phase smallint NOT NULL,
    is_debit boolean NOT NULL,
    PRIMARY KEY (institution_id, seal_number, account_number, valid_on, recorded_at, position)
);

-- The balances of all accounts at a seal; taken often enough that a reader starts near the end.
CREATE TABLE money.balance (
    institution_id integer NOT NULL,
    seal_number integer NOT NULL,
    account_number bigint NOT NULL,
    debits_posted_minor bigint NOT NULL,
    credits_posted_minor bigint NOT NULL,
    debits_pending_minor bigint NOT NULL,
    credits_pending_minor bigint NOT NULL,
    PRIMARY KEY (institution_id, seal_number, account_number)
);

-- One institution cannot see another's rows, whatever the query.
ALTER TABLE money.book ENABLE ROW LEVEL SECURITY;
CREATE POLICY institution ON money.book
USING (institution_id = current_setting('karez.institution_id')::integer);
ALTER TABLE money.batch ENABLE ROW LEVEL SECURITY;
CREATE POLICY institution ON money.batch
USING (institution_id = current_setting('karez.institution_id')::integer);
ALTER TABLE money.kind ENABLE ROW LEVEL SECURITY;
CREATE POLICY institution ON money.kind
USING (institution_id = current_setting('karez.institution_id')::integer);
ALTER TABLE money.account ENABLE ROW LEVEL SECURITY;
CREATE POLICY institution ON money.account
USING (institution_id = current_setting('karez.institution_id')::integer);
ALTER TABLE money.period ENABLE ROW LEVEL SECURITY;
CREATE POLICY institution ON money.period
USING (institution_id = current_setting('karez.institution_id')::integer);
ALTER TABLE money.note ENABLE ROW LEVEL SECURITY;
CREATE POLICY institution ON money.note
USING (institution_id = current_setting('karez.institution_id')::integer);
ALTER TABLE money.transfer ENABLE ROW LEVEL SECURITY;
CREATE POLICY institution ON money.transfer
USING (institution_id = current_setting('karez.institution_id')::integer);
ALTER TABLE money.seal ENABLE ROW LEVEL SECURITY;
CREATE POLICY institution ON money.seal
USING (institution_id = current_setting('karez.institution_id')::integer);
ALTER TABLE money.line ENABLE ROW LEVEL SECURITY;
CREATE POLICY institution ON money.line
USING (institution_id = current_setting('karez.institution_id')::integer);
ALTER TABLE money.balance ENABLE ROW LEVEL SECURITY;
CREATE POLICY institution ON money.balance
USING (institution_id = current_setting('karez.institution_id')::integer);

-- Nobody may change or delete a row of a book but its owner. The poster may add rows and do nothing
-- else: PostgreSQL refuses COPY into a table under row-level security, so the one write path takes
-- this role for its COPY and for that alone.
GRANT USAGE ON SCHEMA money TO karez_application, karez_reader, karez_poster;
GRANT SELECT ON ALL TABLES IN SCHEMA money TO karez_application, karez_reader;
GRANT INSERT ON money.book, money.batch TO karez_application;
GRANT UPDATE (
    number, recorded_at, digest, account_count, transfer_count, volume_minor,
    closed_through
) ON money.book TO karez_application;
GRANT INSERT ON money.kind, money.account, money.period, money.note, money.transfer,
money.seal, money.line, money.balance TO karez_poster;

-- Page ranges that no vacuum has summarised are scanned whole, and a planner without statistics
-- does not trust the index: a seal sees to both. ANALYZE takes most of the time of a seal, so it
-- waits until the table has outgrown its statistics.
CREATE FUNCTION money.tend_v2() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog
AS $$
BEGIN
    PERFORM brin_summarize_new_values('money.transfer_recorded_at');
    IF (
        SELECT pg_relation_size(c.oid) > 1.25 * c.relpages * current_setting('block_size')::integer
        FROM pg_class AS c
        WHERE c.oid = 'money.transfer'::regclass
    ) THEN
        ANALYZE money.transfer (institution_id, recorded_at);
    END IF;
END
$$;

REVOKE ALL ON FUNCTION money.tend_v2() FROM public;
GRANT EXECUTE ON FUNCTION money.tend_v2() TO karez_application;
