-- The tables of the installation; karez.kernel/sql/schema.sql shows them as they stand now.
CREATE SCHEMA kernel;

CREATE TABLE kernel.migration (
    name text NOT NULL,
    phase text NOT NULL CHECK (phase IN ('pre', 'post')),
    checksum text NOT NULL CHECK (checksum ~ '^[0-9a-f]{64}$'),
    applied_at timestamptz NOT NULL DEFAULT current_timestamp,
    PRIMARY KEY (name)
);

-- The number goes into every key of every book, so it is small; people use the code.
CREATE TABLE kernel.institution (
    institution_id integer NOT NULL CHECK (institution_id > 0),
    code text NOT NULL CHECK (code ~ '^[a-z0-9][a-z0-9_-]{0,62}$'),
    name text NOT NULL CHECK (name <> ''),
    created_at timestamptz NOT NULL DEFAULT current_timestamp,
    PRIMARY KEY (institution_id)
);

CREATE UNIQUE INDEX institution_code ON kernel.institution (code);

GRANT USAGE ON SCHEMA kernel TO karez_application, karez_reader;
GRANT SELECT ON kernel.migration, kernel.institution TO karez_application, karez_reader;
GRANT INSERT (institution_id, code, name) ON kernel.institution TO karez_application;
