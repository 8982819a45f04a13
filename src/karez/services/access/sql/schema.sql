-- Access: who may do what, who signed in, what waits for another's consent, and what was done.
CREATE SCHEMA access;

-- The head of the audit. Whoever has locked this row writes the next row of it.
CREATE TABLE access.desk (
    institution_id integer NOT NULL,
    audits bigint NOT NULL CHECK (audits >= 0),
    digest bytea NOT NULL CHECK (length(digest) = 32),
    PRIMARY KEY (institution_id)
);

-- A person of the staff, or a machine. Accounts of one person share "person_id", and none of them
-- decides what another of them began. "password" is a hash by Argon2id; "totp_step" is the last
-- step of which a code was used.
CREATE TABLE access.account (
    institution_id integer NOT NULL,
    account_id uuid NOT NULL,
    person_id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('person', 'machine')),
    name text NOT NULL CHECK (name <> ''),
    full_name text NOT NULL,
    outlet text,
    password text,
    totp_secret bytea,
    totp_step bigint NOT NULL DEFAULT 0,
    made_by text NOT NULL CHECK (made_by <> ''),
    made_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    ended_at timestamptz,
    PRIMARY KEY (institution_id, account_id)
);

CREATE UNIQUE INDEX account_name ON access.account (institution_id, name);

-- A role of an account, from when it was given until it was taken; up to which amount, and where.
CREATE TABLE access.membership (
    institution_id integer NOT NULL,
    account_id uuid NOT NULL,
    role text NOT NULL CHECK (role <> ''),
    amount_most_minor bigint CHECK (amount_most_minor >= 0),
    outlets text[],
    given_by text NOT NULL CHECK (given_by <> ''),
    given_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    ended_at timestamptz,
    PRIMARY KEY (institution_id, account_id, role, given_at)
);

-- What lets somebody in: keys of machines, tokens that they are exchanged for, sessions of people,
-- and links that work once. Only digests are kept.
CREATE TABLE access.pass (
    institution_id integer NOT NULL,
    digest bytea NOT NULL CHECK (length(digest) = 32),
    kind text NOT NULL CHECK (kind IN ('key', 'token', 'session', 'link')),
    account_id uuid NOT NULL,
    label text NOT NULL,
    guard bytea NOT NULL,
    made_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    seen_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires_at timestamptz,
    ended_at timestamptz,
    PRIMARY KEY (institution_id, digest)
);

CREATE INDEX pass_account ON access.pass (institution_id, account_id, made_at);

-- The public half of a key on a person's device; "uses" is the device's own count of signatures.
CREATE TABLE access.passkey (
    institution_id integer NOT NULL,
    credential_id bytea NOT NULL CHECK (length(credential_id) > 0),
    account_id uuid NOT NULL,
    label text NOT NULL,
    public_key bytea NOT NULL,
    uses bigint NOT NULL CHECK (uses >= 0),
    made_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    ended_at timestamptz,
    PRIMARY KEY (institution_id, credential_id)
);

CREATE INDEX passkey_account ON access.passkey (institution_id, account_id);

-- What a device is asked to sign, for one purpose, until it is answered or has run out.
CREATE TABLE access.challenge (
    institution_id integer NOT NULL,
    challenge_id uuid NOT NULL,
    challenge bytea NOT NULL CHECK (length(challenge) = 32),
    purpose text NOT NULL CHECK (purpose IN ('add', 'sign-in')),
    account_id uuid CHECK ((account_id IS NULL) = (purpose = 'sign-in')),
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (institution_id, challenge_id)
);

-- Sign-ins that failed, by the name that was tried.
CREATE TABLE access.failure (
    institution_id integer NOT NULL,
    name text NOT NULL,
    failed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    failure_id uuid NOT NULL,
    PRIMARY KEY (institution_id, name, failed_at, failure_id)
);

-- What waits for somebody else, and what became of it. "given" is the input of the operation,
-- "effect" what it would do. Of the row nothing but the decision can be written later, and who
-- approves or refuses is another person than the maker, who alone may withdraw.
CREATE TABLE access.proposal (
    institution_id integer NOT NULL,
    proposal_id uuid NOT NULL,
    operation text NOT NULL CHECK (operation <> ''),
    target text NOT NULL,
    given text NOT NULL CHECK (given IS JSON OBJECT),
    effect text NOT NULL CHECK (effect IS JSON),
    amount_minor bigint,
    maker_id uuid NOT NULL,
    maker_person_id uuid NOT NULL,
    maker text NOT NULL CHECK (maker <> ''),
    reason text NOT NULL,
    made_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires_at timestamptz NOT NULL,
    verdict text CHECK (verdict IN ('approved', 'refused', 'withdrawn')),
    checker_id uuid,
    checker_person_id uuid,
    checker text CHECK (checker <> ''),
    verdict_reason text,
    decided_at timestamptz,
    PRIMARY KEY (institution_id, proposal_id),
    CHECK (
        num_nulls(verdict, checker_id, checker_person_id, checker, verdict_reason, decided_at)
        IN (0, 6)
    ),
    CHECK (verdict IS NULL OR (verdict = 'withdrawn') = (checker_person_id = maker_person_id))
);

CREATE INDEX proposal_made ON access.proposal (institution_id, made_at);

-- The answer to a request under an idempotency key, and the digest of what was asked.
CREATE TABLE access.answer (
    institution_id integer NOT NULL,
    account_id uuid NOT NULL,
    key text NOT NULL CHECK (key <> ''),
    asked bytea NOT NULL CHECK (length(asked) = 32),
    document bytea NOT NULL,
    proposal_id uuid,
    answered_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (institution_id, account_id, key)
);

CREATE INDEX answer_age ON access.answer (institution_id, answered_at);

-- What was done: who, what, to what, how it was before and after, and why. Numbers have no gaps,
-- and each digest covers the row and the digest before it.
CREATE TABLE access.audit (
    institution_id integer NOT NULL,
    audit_number bigint NOT NULL CHECK (audit_number > 0),
    account_id uuid NOT NULL,
    actor text NOT NULL CHECK (actor <> ''),
    operation text NOT NULL CHECK (operation <> ''),
    target text NOT NULL,
    given text NOT NULL,
    before text NOT NULL,
    after text NOT NULL,
    reason text NOT NULL,
    request_id text NOT NULL,
    proposal_id uuid,
    recorded_at timestamptz NOT NULL,
    digest bytea NOT NULL CHECK (length(digest) = 32),
    PRIMARY KEY (institution_id, audit_number)
);

CREATE INDEX audit_target ON access.audit (institution_id, target, audit_number);
CREATE INDEX audit_account ON access.audit (institution_id, account_id, audit_number);

-- One institution cannot see another's rows, whatever the query.
ALTER TABLE access.desk ENABLE ROW LEVEL SECURITY;
CREATE POLICY institution ON access.desk
USING (institution_id = current_setting('karez.institution_id')::integer);
ALTER TABLE access.account ENABLE ROW LEVEL SECURITY;
CREATE POLICY institution ON access.account
USING (institution_id = current_setting('karez.institution_id')::integer);
ALTER TABLE access.membership ENABLE ROW LEVEL SECURITY;
CREATE POLICY institution ON access.membership
USING (institution_id = current_setting('karez.institution_id')::integer);
ALTER TABLE access.pass ENABLE ROW LEVEL SECURITY;
CREATE POLICY institution ON access.pass
USING (institution_id = current_setting('karez.institution_id')::integer);
ALTER TABLE access.passkey ENABLE ROW LEVEL SECURITY;
CREATE POLICY institution ON access.passkey
USING (institution_id = current_setting('karez.institution_id')::integer);
ALTER TABLE access.challenge ENABLE ROW LEVEL SECURITY;
CREATE POLICY institution ON access.challenge
USING (institution_id = current_setting('karez.institution_id')::integer);
ALTER TABLE access.failure ENABLE ROW LEVEL SECURITY;
CREATE POLICY institution ON access.failure
USING (institution_id = current_setting('karez.institution_id')::integer);
ALTER TABLE access.proposal ENABLE ROW LEVEL SECURITY;
-- Nobody is written down as another person than the one behind their account.
CREATE POLICY institution ON access.proposal
USING (institution_id = current_setting('karez.institution_id')::integer)
WITH CHECK (
    institution_id = current_setting('karez.institution_id')::integer
    AND EXISTS (
        SELECT FROM access.account AS a
        WHERE
            a.institution_id = proposal.institution_id
            AND a.account_id = proposal.maker_id
            AND a.person_id = proposal.maker_person_id
    )
    AND (
        checker_id IS NULL
        OR EXISTS (
            SELECT FROM access.account AS a
            WHERE
                a.institution_id = proposal.institution_id
                AND a.account_id = proposal.checker_id
                AND a.person_id = proposal.checker_person_id
        )
    )
);
ALTER TABLE access.answer ENABLE ROW LEVEL SECURITY;
CREATE POLICY institution ON access.answer
USING (institution_id = current_setting('karez.institution_id')::integer);
ALTER TABLE access.audit ENABLE ROW LEVEL SECURITY;
CREATE POLICY institution ON access.audit
USING (institution_id = current_setting('karez.institution_id')::integer);

-- A reader sees what was done and who may do what, and no secret.
GRANT USAGE ON SCHEMA access TO karez_application, karez_reader;
GRANT SELECT, INSERT ON
access.desk, access.account, access.membership, access.pass, access.passkey, access.challenge,
access.failure, access.proposal, access.answer, access.audit TO karez_application;
GRANT UPDATE (audits, digest) ON access.desk TO karez_application;
GRANT UPDATE (full_name, outlet, password, totp_secret, totp_step, ended_at) ON access.account
TO karez_application;
GRANT UPDATE (verdict, checker_id, checker_person_id, checker, verdict_reason, decided_at)
ON access.proposal TO karez_application;
GRANT UPDATE (ended_at) ON access.membership TO karez_application;
GRANT UPDATE (seen_at, ended_at) ON access.pass TO karez_application;
GRANT UPDATE (uses, ended_at) ON access.passkey TO karez_application;
GRANT DELETE ON access.failure, access.answer, access.challenge TO karez_application;
GRANT SELECT ON access.proposal, access.audit TO karez_reader;
