-- Products: term sheets, a row for each version that was published. Rows are added and never
-- changed: a loan names the version that it was agreed under.
CREATE SCHEMA products;

CREATE TABLE products.sheet (
    institution_id integer NOT NULL,
    code text NOT NULL CHECK (code ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
    version integer NOT NULL CHECK (version > 0),
    name text NOT NULL CHECK (name <> ''),
    currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    content text NOT NULL CHECK (content <> ''),
    actor text NOT NULL CHECK (actor <> ''),
    reason text NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT current_timestamp,
    PRIMARY KEY (institution_id, code, version)
);

ALTER TABLE products.sheet ENABLE ROW LEVEL SECURITY;
CREATE POLICY institution ON products.sheet
USING (institution_id = current_setting('karez.institution_id')::integer);
GRANT USAGE ON SCHEMA products TO karez_application, karez_reader;
GRANT SELECT ON products.sheet TO karez_application, karez_reader;
GRANT INSERT (institution_id, code, version, name, currency, content, actor, reason)
ON products.sheet TO karez_application;
