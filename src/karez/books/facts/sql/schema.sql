-- The facts book: what happened and who says so. A log that others can check (c2sp.org/tlog-tiles),
-- append-only, one write path (karez.books.facts.append), and beside it what may be erased.
CREATE SCHEMA facts;

-- The head of each institution's log. Whoever has locked this row appends.
CREATE TABLE facts.log (
    institution_id integer NOT NULL,
    origin text NOT NULL CHECK (origin <> ''),
    verifier_keys text NOT NULL CHECK (verifier_keys <> ''),
    size bigint NOT NULL CHECK (size >= 0),
    root bytea NOT NULL CHECK (length(root) = 32),
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (institution_id)
);

-- What is logged for ever: canonical JSON with a pseudonym and a salted commitment. Nothing of a
-- person can be read from it once the body and the salt are gone.
CREATE TABLE facts.entry (
    institution_id integer NOT NULL,
    entry_index bigint NOT NULL,
    leaf bytea NOT NULL,
    PRIMARY KEY (institution_id, entry_index),
    CONSTRAINT entry_sound CHECK (entry_index >= 0 AND length(leaf) BETWEEN 1 AND 65535)
);

-- The full tiles of the tree, and the root of each, which is a hash of the tile above it.
-- Partial tiles are made when they are asked for.
CREATE TABLE facts.tile (
    institution_id integer NOT NULL,
    level smallint NOT NULL CHECK (level BETWEEN 0 AND 7),
    number bigint NOT NULL CHECK (number >= 0),
    nodes bytea NOT NULL CHECK (length(nodes) = 8192),
    root bytea NOT NULL CHECK (length(root) = 32),
    PRIMARY KEY (institution_id, level, number)
);

-- A signed note for every size at which a transaction left the log.
CREATE TABLE facts.checkpoint (
    institution_id integer NOT NULL,
    size bigint NOT NULL CHECK (size >= 0),
    root bytea NOT NULL CHECK (length(root) = 32),
    note text NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (institution_id, size)
);

-- What witnesses signed of our checkpoints: a line of a note each.
CREATE TABLE facts.cosignature (
    institution_id integer NOT NULL,
    size bigint NOT NULL,
    signer text NOT NULL CHECK (signer <> ''),
    signed_at timestamptz NOT NULL,
    line text NOT NULL,
    PRIMARY KEY (institution_id, size, signer, signed_at)
);

-- What may be erased, from here to the end of this part: bodies with their salts, and who is meant
-- by a pseudonym. "key" is the idempotency key, "attested" what an attester signed, both as hashes.
CREATE TABLE facts.body (
    institution_id integer NOT NULL,
    entry_index bigint NOT NULL,
    key bytea NOT NULL,
    pseudonym uuid NOT NULL,
    valid_on date NOT NULL,
    schema text NOT NULL,
    salt bytea NOT NULL,
    attested bytea,
    body bytea NOT NULL,
    PRIMARY KEY (institution_id, entry_index),
    -- One constraint, not four: each costs a COPY more than its comparison does.
    CONSTRAINT body_sound CHECK (
        length(key) = 32 AND length(salt) = 32 AND coalesce(length(attested), 32) = 32
        AND length(body) > 0
    )
);

CREATE UNIQUE INDEX body_key ON facts.body (institution_id, key);
CREATE UNIQUE INDEX body_attested ON facts.body (institution_id, attested)
WHERE attested IS NOT NULL;
-- Without the index of the entry: so equal keys are kept once, and it stays small.
CREATE INDEX body_pseudonym ON facts.body (institution_id, pseudonym);

-- After an erasure the subject gets another pseudonym; the old one stays where facts must be kept.
CREATE TABLE facts.subject (
    institution_id integer NOT NULL,
    pseudonym uuid NOT NULL,
    subject text NOT NULL CHECK (subject <> ''),
    is_current boolean NOT NULL,
    PRIMARY KEY (institution_id, pseudonym)
);

CREATE UNIQUE INDEX subject_current ON facts.subject (institution_id, subject) WHERE is_current;
CREATE INDEX subject_subject ON facts.subject (institution_id, subject);

-- This institution as a witness of other logs: a key, how many cosignatures it gave, and the last.
CREATE TABLE facts.witness (
    institution_id integer NOT NULL,
    verifier_key text NOT NULL,
    cosignature_count bigint NOT NULL CHECK (cosignature_count >= 0),
    cosigned_at timestamptz NOT NULL,
    PRIMARY KEY (institution_id, verifier_key)
);

-- The logs that it witnesses, and the latest checkpoint of each that it has cosigned.
CREATE TABLE facts.watched (
    institution_id integer NOT NULL,
    origin text NOT NULL,
    verifier_keys text NOT NULL CHECK (verifier_keys <> ''),
    size bigint NOT NULL CHECK (size >= 0),
    root bytea NOT NULL CHECK (length(root) = 32),
    note text NOT NULL,
    PRIMARY KEY (institution_id, origin)
);

-- Evidence: two notes signed by one log that do not fit together, or were not shown to.
CREATE TABLE facts.fork (
    institution_id integer NOT NULL,
    origin text NOT NULL,
    note_sha256 bytea NOT NULL CHECK (length(note_sha256) = 32),
    size bigint NOT NULL,
    reason text NOT NULL CHECK (reason IN ('other root', 'no proof')),
    known_note text NOT NULL,
    other_note text NOT NULL,
    proof text NOT NULL,
    seen_at timestamptz NOT NULL,
    PRIMARY KEY (institution_id, origin, note_sha256)
);

-- One institution cannot see another's rows, whatever the query.
ALTER TABLE facts.log ENABLE ROW LEVEL SECURITY;
CREATE POLICY institution ON facts.log
USING (institution_id = current_setting('karez.institution_id')::integer);
ALTER TABLE facts.entry ENABLE ROW LEVEL SECURITY;
CREATE POLICY institution ON facts.entry
USING (institution_id = current_setting('karez.institution_id')::integer);
ALTER TABLE facts.tile ENABLE ROW LEVEL SECURITY;
CREATE POLICY institution ON facts.tile
USING (institution_id = current_setting('karez.institution_id')::integer);
ALTER TABLE facts.checkpoint ENABLE ROW LEVEL SECURITY;
CREATE POLICY institution ON facts.checkpoint
USING (institution_id = current_setting('karez.institution_id')::integer);
ALTER TABLE facts.cosignature ENABLE ROW LEVEL SECURITY;
CREATE POLICY institution ON facts.cosignature
USING (institution_id = current_setting('karez.institution_id')::integer);
ALTER TABLE facts.body ENABLE ROW LEVEL SECURITY;
CREATE POLICY institution ON facts.body
USING (institution_id = current_setting('karez.institution_id')::integer);
ALTER TABLE facts.subject ENABLE ROW LEVEL SECURITY;
CREATE POLICY institution ON facts.subject
USING (institution_id = current_setting('karez.institution_id')::integer);
ALTER TABLE facts.witness ENABLE ROW LEVEL SECURITY;
CREATE POLICY institution ON facts.witness
USING (institution_id = current_setting('karez.institution_id')::integer);
ALTER TABLE facts.watched ENABLE ROW LEVEL SECURITY;
CREATE POLICY institution ON facts.watched
USING (institution_id = current_setting('karez.institution_id')::integer);
ALTER TABLE facts.fork ENABLE ROW LEVEL SECURITY;
CREATE POLICY institution ON facts.fork
USING (institution_id = current_setting('karez.institution_id')::integer);

-- Nobody may change or delete what the log holds. The poster adds rows by COPY and does nothing
-- else. The application moves the heads of the log and of the witness, and erases bodies.
GRANT USAGE ON SCHEMA facts TO karez_application, karez_reader, karez_poster;
GRANT SELECT ON ALL TABLES IN SCHEMA facts TO karez_application, karez_reader;
GRANT INSERT ON facts.entry, facts.tile, facts.checkpoint, facts.body, facts.subject
TO karez_poster;
GRANT INSERT ON facts.log, facts.cosignature, facts.witness, facts.watched, facts.fork
TO karez_application;
GRANT UPDATE (size, root, recorded_at) ON facts.log TO karez_application;
GRANT UPDATE (cosignature_count, cosigned_at) ON facts.witness TO karez_application;
GRANT UPDATE (verifier_keys, size, root, note) ON facts.watched TO karez_application;
GRANT DELETE ON facts.body, facts.subject TO karez_application;
GRANT UPDATE (is_current) ON facts.subject TO karez_application;
