-- Outbox: what happened, told to those outside who asked to hear of it. An event is written in the
-- transaction of what it tells of; it gets its place in the institution's row of events afterwards,
-- so nobody who posts waits for another, and no reader passes over one that is still to commit.
CREATE SCHEMA outbox;

-- How many events an object has had. Its row is locked to the end of the transaction that adds one,
-- so the events of one object become visible in their order.
CREATE TABLE outbox.object (
    institution_id integer NOT NULL,
    object text NOT NULL CHECK (object <> ''),
    events bigint NOT NULL CHECK (events > 0),
    PRIMARY KEY (institution_id, object)
);

-- Events that have no place in the row yet: whoever places them takes them away from here.
CREATE TABLE outbox.fresh (
    institution_id integer NOT NULL,
    object text NOT NULL,
    object_sequence bigint NOT NULL,
    event_id uuid NOT NULL,
    kind text NOT NULL CHECK (kind <> ''),
    data text NOT NULL CHECK (data IS JSON OBJECT AND octet_length(data) < 18000),
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (institution_id, object, object_sequence)
);

-- The last place that was given. Whoever has locked this row gives places.
CREATE TABLE outbox.head (
    institution_id integer NOT NULL,
    sequence bigint NOT NULL CHECK (sequence >= 0),
    PRIMARY KEY (institution_id)
);

-- All events in their row, without gaps; added and never changed.
CREATE TABLE outbox.event (
    institution_id integer NOT NULL,
    sequence bigint NOT NULL CHECK (sequence > 0),
    object text NOT NULL,
    object_sequence bigint NOT NULL,
    event_id uuid NOT NULL,
    kind text NOT NULL,
    data text NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (institution_id, sequence)
);

CREATE UNIQUE INDEX event_object ON outbox.event (institution_id, object, object_sequence);

-- Where events are sent. A kind is a name, the beginning of names (loan.*), or all (*). One that is
-- "gone" said so itself, with the status 410.
CREATE TABLE outbox.endpoint (
    institution_id integer NOT NULL,
    endpoint_id integer NOT NULL CHECK (endpoint_id > 0),
    url text NOT NULL CHECK (url <> ''),
    kinds text[] NOT NULL CHECK (cardinality(kinds) > 0),
    state text NOT NULL CHECK (state IN ('active', 'paused', 'gone', 'removed')),
    rests_until timestamptz NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (institution_id, endpoint_id)
);

-- Keys that sign what is sent to an endpoint: Ed25519 (v1a) or HMAC-SHA256 (v1). One that was
-- replaced signs beside the new one until it retires.
CREATE TABLE outbox.secret (
    institution_id integer NOT NULL,
    endpoint_id integer NOT NULL,
    secret_number integer NOT NULL CHECK (secret_number > 0),
    scheme text NOT NULL CHECK (scheme IN ('v1a', 'v1')),
    secret bytea NOT NULL CHECK (octet_length(secret) = 32),
    retires_at timestamptz NOT NULL,
    PRIMARY KEY (institution_id, endpoint_id, secret_number)
);

-- An event on its way to an endpoint. Of those to one endpoint about one object only the first that
-- waits is due; the others are due when it is done with.
CREATE TABLE outbox.delivery (
    institution_id integer NOT NULL,
    endpoint_id integer NOT NULL,
    sequence bigint NOT NULL,
    object text NOT NULL,
    state text NOT NULL CHECK (state IN ('waiting', 'delivered', 'dead')),
    attempts integer NOT NULL CHECK (attempts >= 0),
    failures integer NOT NULL CHECK (failures >= 0),
    due_at timestamptz NOT NULL,
    PRIMARY KEY (institution_id, endpoint_id, sequence)
);

CREATE INDEX delivery_due ON outbox.delivery (institution_id, endpoint_id, due_at)
WHERE state = 'waiting';
CREATE INDEX delivery_object ON outbox.delivery (institution_id, endpoint_id, object, sequence)
WHERE state = 'waiting';

-- One attempt to deliver, and what came back; no status where no answer came.
CREATE TABLE outbox.attempt (
    institution_id integer NOT NULL,
    endpoint_id integer NOT NULL,
    sequence bigint NOT NULL,
    attempt integer NOT NULL CHECK (attempt > 0),
    status integer CHECK (status BETWEEN 100 AND 999),
    answer text NOT NULL,
    took_ms integer NOT NULL CHECK (took_ms >= 0),
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (institution_id, endpoint_id, sequence, attempt)
);

-- One institution cannot see another's rows, whatever the query.
ALTER TABLE outbox.object ENABLE ROW LEVEL SECURITY;
CREATE POLICY institution ON outbox.object
USING (institution_id = current_setting('karez.institution_id')::integer);
ALTER TABLE outbox.fresh ENABLE ROW LEVEL SECURITY;
CREATE POLICY institution ON outbox.fresh
USING (institution_id = current_setting('karez.institution_id')::integer);
ALTER TABLE outbox.head ENABLE ROW LEVEL SECURITY;
CREATE POLICY institution ON outbox.head
USING (institution_id = current_setting('karez.institution_id')::integer);
ALTER TABLE outbox.event ENABLE ROW LEVEL SECURITY;
CREATE POLICY institution ON outbox.event
USING (institution_id = current_setting('karez.institution_id')::integer);
ALTER TABLE outbox.endpoint ENABLE ROW LEVEL SECURITY;
CREATE POLICY institution ON outbox.endpoint
USING (institution_id = current_setting('karez.institution_id')::integer);
ALTER TABLE outbox.secret ENABLE ROW LEVEL SECURITY;
CREATE POLICY institution ON outbox.secret
USING (institution_id = current_setting('karez.institution_id')::integer);
ALTER TABLE outbox.delivery ENABLE ROW LEVEL SECURITY;
CREATE POLICY institution ON outbox.delivery
USING (institution_id = current_setting('karez.institution_id')::integer);
ALTER TABLE outbox.attempt ENABLE ROW LEVEL SECURITY;
CREATE POLICY institution ON outbox.attempt
USING (institution_id = current_setting('karez.institution_id')::integer);

-- A reader sees no secret.
GRANT USAGE ON SCHEMA outbox TO karez_application, karez_reader;
GRANT SELECT ON
outbox.object, outbox.fresh, outbox.head, outbox.event, outbox.endpoint, outbox.delivery,
outbox.attempt TO karez_application, karez_reader;
GRANT SELECT ON outbox.secret TO karez_application;
GRANT INSERT, UPDATE ON
outbox.object, outbox.head, outbox.endpoint, outbox.secret, outbox.delivery
TO karez_application;
GRANT INSERT, DELETE ON outbox.fresh TO karez_application;
GRANT INSERT ON outbox.event, outbox.attempt TO karez_application;
