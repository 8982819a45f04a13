-- Who borrows, stands surety and belongs together; services/parties/sql/schema.sql shows it as it
-- stands now.
CREATE SCHEMA parties;

-- The row that whoever writes parties locks first.
CREATE TABLE parties.register (
    institution_id integer NOT NULL,
    party_count bigint NOT NULL CHECK (party_count >= 0),
    PRIMARY KEY (institution_id)
);

-- Persons, firms and groups. A change is a new version; the last one counts.
CREATE TABLE parties.party (
    institution_id integer NOT NULL,
    party_id uuid NOT NULL,
    version integer NOT NULL CHECK (version > 0),
    kind text NOT NULL CHECK (kind IN ('person', 'firm', 'group')),
    name text NOT NULL CHECK (name <> ''),
    given text NOT NULL,
    spelled text NOT NULL CHECK (spelled <> ''),
    place text NOT NULL,
    industry text NOT NULL,
    segment text NOT NULL,
    phone text NOT NULL,
    began_on date,
    actor text NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (institution_id, party_id, version)
);

CREATE INDEX party_spelled ON parties.party (institution_id, spelled);

-- By which ids facts, consents and papers call a party. A key names one party for ever.
CREATE TABLE parties.key (
    institution_id integer NOT NULL,
    key text NOT NULL CHECK (key ~ '^[a-z][a-z0-9_-]*:.'),
    party_id uuid NOT NULL,
    place smallint NOT NULL CHECK (place > 0),
    recorded_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (institution_id, key)
);

CREATE UNIQUE INDEX key_party ON parties.key (institution_id, party_id, place);

-- What ties one party to another, and from when on it does or no longer does.
CREATE TABLE parties.tie (
    institution_id integer NOT NULL,
    party_id uuid NOT NULL,
    kind text NOT NULL CHECK (
        kind IN ('member-of', 'guarantor-of', 'co-borrower-with', 'controlled-by')
    ),
    other_id uuid NOT NULL,
    version integer NOT NULL CHECK (version > 0),
    holds boolean NOT NULL,
    valid_on date NOT NULL,
    actor text NOT NULL,
    reason text NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (institution_id, party_id, kind, other_id, version),
    CONSTRAINT tie_two CHECK (party_id <> other_id)
);

CREATE INDEX tie_other ON parties.tie (institution_id, other_id);

-- One institution cannot see another's rows, whatever the query.
ALTER TABLE parties.register ENABLE ROW LEVEL SECURITY;
CREATE POLICY institution ON parties.register
USING (institution_id = current_setting('karez.institution_id')::integer);
ALTER TABLE parties.party ENABLE ROW LEVEL SECURITY;
CREATE POLICY institution ON parties.party
USING (institution_id = current_setting('karez.institution_id')::integer);
ALTER TABLE parties.key ENABLE ROW LEVEL SECURITY;
CREATE POLICY institution ON parties.key
USING (institution_id = current_setting('karez.institution_id')::integer);
ALTER TABLE parties.tie ENABLE ROW LEVEL SECURITY;
CREATE POLICY institution ON parties.tie
USING (institution_id = current_setting('karez.institution_id')::integer);

-- Rows are added; only the count of the register moves.
GRANT USAGE ON SCHEMA parties TO karez_application, karez_reader;
GRANT SELECT ON ALL TABLES IN SCHEMA parties TO karez_application, karez_reader;
GRANT INSERT ON ALL TABLES IN SCHEMA parties TO karez_application;
GRANT UPDATE (party_count) ON parties.register TO karez_application;
