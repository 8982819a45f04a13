-- The rights book: who may claim which thing or use which data. Append-only, one write path
-- (karez.books.rights.record).
--
-- Everything that happens to a right is an event. Events are added in batches; a batch has a
-- number, an instant and a digest that covers its events and the digest before it.
CREATE SCHEMA rights;

-- The head of each institution's chain. Whoever has locked this row holds the pen.
CREATE TABLE rights.book (
    institution_id integer NOT NULL,
    number bigint NOT NULL CHECK (number >= 0),
    recorded_at timestamptz NOT NULL,
    digest bytea NOT NULL CHECK (length(digest) = 32),
    event_count bigint NOT NULL CHECK (event_count >= 0),
    claim_count bigint NOT NULL CHECK (claim_count >= 0),
    name_count bigint NOT NULL CHECK (name_count >= 0),
    PRIMARY KEY (institution_id)
);

-- The counts are those after the batch: how large the register was.
CREATE TABLE rights.batch (
    institution_id integer NOT NULL,
    number bigint NOT NULL CHECK (number > 0),
    recorded_at timestamptz NOT NULL,
    event_count bigint NOT NULL CHECK (event_count >= 0),
    claim_count bigint NOT NULL CHECK (claim_count >= 0),
    digest bytea NOT NULL CHECK (length(digest) = 32),
    PRIMARY KEY (institution_id, number)
);

CREATE UNIQUE INDEX batch_recorded_at ON rights.batch (institution_id, recorded_at);

-- The key is the compare-and-set: two who build on the same version of a right cannot both be.
CREATE TABLE rights.event (
    institution_id integer NOT NULL,
    right_id uuid NOT NULL,
    version integer NOT NULL CHECK (version > 0),
    event_id uuid NOT NULL,
    action text NOT NULL CHECK (
        action IN (
            'register', 'reserve', 'finance', 'amend', 'transfer', 'subordinate', 'renew',
            'release', 'cancel', 'grant', 'revoke', 'pause', 'resume'
        )
    ),
    body text NOT NULL CHECK (body IS JSON OBJECT),
    effective_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    position integer NOT NULL CHECK (position >= 0),
    by text NOT NULL,
    evidence text NOT NULL,
    PRIMARY KEY (institution_id, right_id, version),
    CHECK (effective_at <= recorded_at),
    CHECK ((version = 1) = (action IN ('register', 'reserve', 'grant')))
);

CREATE UNIQUE INDEX event_id ON rights.event (institution_id, event_id);
CREATE UNIQUE INDEX event_recorded_at ON rights.event (institution_id, recorded_at, position);

-- Names of debtors as they are compared, each once.
CREATE TABLE rights.name (
    institution_id integer NOT NULL,
    name_id bigint NOT NULL CHECK (name_id > 0),
    debt text NOT NULL CHECK (debt IN ('business', 'individual')),
    spelled text NOT NULL CHECK (spelled <> ''),
    PRIMARY KEY (institution_id, name_id)
);

CREATE UNIQUE INDEX name_spelled ON rights.name (institution_id, spelled, debt);

-- The pieces of a name by which near ones are found (grams.py). All columns are in the key.
CREATE TABLE rights.gram (
    gram bigint NOT NULL,
    name_id bigint NOT NULL,
    institution_id integer NOT NULL,
    PRIMARY KEY (institution_id, gram, name_id)
);

-- Under which names a version of a right stands: candidates of a search, which looks at the events.
CREATE TABLE rights.debtor (
    name_id bigint NOT NULL,
    right_id uuid NOT NULL,
    institution_id integer NOT NULL,
    version integer NOT NULL,
    PRIMARY KEY (institution_id, name_id, right_id, version)
);

-- Of which things. Of a thing with an exclusive number one right is live at a time: each that takes
-- it takes the next turn, and the unique index lets one take a turn.
CREATE TABLE rights.thing (
    institution_id integer NOT NULL,
    scheme text NOT NULL CHECK (scheme <> ''),
    key text NOT NULL CHECK (key <> ''),
    right_id uuid NOT NULL,
    version integer NOT NULL,
    turn integer CHECK (turn > 0),
    PRIMARY KEY (institution_id, scheme, key, right_id, version)
);

CREATE UNIQUE INDEX thing_turn ON rights.thing (institution_id, scheme, key, turn)
WHERE turn IS NOT NULL;

-- What was found for a search, frozen: the answer, and the register that gave it.
CREATE TABLE rights.certificate (
    institution_id integer NOT NULL,
    certificate_id uuid NOT NULL,
    issued_at timestamptz NOT NULL,
    rule text NOT NULL CHECK (rule <> ''),
    criterion text NOT NULL CHECK (criterion IS JSON OBJECT),
    effective_at timestamptz NOT NULL,
    known_at timestamptz NOT NULL,
    register_number bigint NOT NULL,
    register_claims bigint NOT NULL,
    register_digest bytea NOT NULL,
    result text NOT NULL CHECK (result IS JSON ARRAY),
    digest bytea NOT NULL CHECK (length(digest) = 32),
    PRIMARY KEY (institution_id, certificate_id)
);

-- Consents as the database itself checks them; each follows from its event of granting.
CREATE TABLE rights.consent (
    institution_id integer NOT NULL,
    consent_id uuid NOT NULL,
    grantor text NOT NULL,
    receiver text NOT NULL,
    purposes text[] NOT NULL,
    scopes text[] NOT NULL,
    series text[] NOT NULL,
    modes text[] NOT NULL,
    starts_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    range_from date NOT NULL,
    range_to date NOT NULL,
    data_life_days integer NOT NULL,
    uses_most integer NOT NULL,
    uses_period text NOT NULL CHECK (uses_period IN ('hour', 'day', 'month', 'year', 'once')),
    condition text NOT NULL,
    amount_most_minor bigint,
    total_most_minor bigint,
    currency text,
    PRIMARY KEY (institution_id, consent_id)
);

CREATE TABLE rights.revocation (
    institution_id integer NOT NULL,
    consent_id uuid NOT NULL,
    PRIMARY KEY (institution_id, consent_id)
);

-- When a consent rested and went on; its last row says which.
CREATE TABLE rights.pause (
    institution_id integer NOT NULL,
    consent_id uuid NOT NULL,
    version integer NOT NULL,
    is_paused boolean NOT NULL,
    PRIMARY KEY (institution_id, consent_id, version)
);

-- Every use that was asked for, allowed or refused. The uses of one consent are numbered without
-- a gap, and each digest covers the one before. `opened_by` is the transaction that began it.
CREATE TABLE rights.consent_use (
    institution_id integer NOT NULL,
    consent_id uuid NOT NULL,
    use_number integer NOT NULL CHECK (use_number > 0),
    use_id uuid NOT NULL,
    receiver text NOT NULL,
    purpose text NOT NULL,
    scope text NOT NULL,
    mode text NOT NULL,
    series text NOT NULL,
    range_from date NOT NULL,
    range_to date NOT NULL,
    amount_minor bigint CHECK (amount_minor > 0),
    currency text,
    condition_evidence text NOT NULL,
    reader text NOT NULL,
    verdict text NOT NULL,
    used_at timestamptz NOT NULL,
    keep_until timestamptz,
    opened_by xid8 NOT NULL,
    digest bytea NOT NULL CHECK (length(digest) = 32),
    PRIMARY KEY (institution_id, consent_id, use_number)
);

CREATE UNIQUE INDEX consent_use_id ON rights.consent_use (institution_id, use_id);

-- How a use ended: how many rows were read under it.
CREATE TABLE rights.consent_read (
    institution_id integer NOT NULL,
    use_id uuid NOT NULL,
    row_count bigint NOT NULL CHECK (row_count >= 0),
    ended_at timestamptz NOT NULL,
    PRIMARY KEY (institution_id, use_id)
);

-- One institution cannot see another's rows, whatever the query.
ALTER TABLE rights.book ENABLE ROW LEVEL SECURITY;
CREATE POLICY institution ON rights.book
USING (institution_id = current_setting('karez.institution_id')::integer);
ALTER TABLE rights.batch ENABLE ROW LEVEL SECURITY;
CREATE POLICY institution ON rights.batch
USING (institution_id = current_setting('karez.institution_id')::integer);
ALTER TABLE rights.event ENABLE ROW LEVEL SECURITY;
CREATE POLICY institution ON rights.event
USING (institution_id = current_setting('karez.institution_id')::integer);
ALTER TABLE rights.name ENABLE ROW LEVEL SECURITY;
CREATE POLICY institution ON rights.name
USING (institution_id = current_setting('karez.institution_id')::integer);
ALTER TABLE rights.gram ENABLE ROW LEVEL SECURITY;
CREATE POLICY institution ON rights.gram
USING (institution_id = current_setting('karez.institution_id')::integer);
ALTER TABLE rights.debtor ENABLE ROW LEVEL SECURITY;
CREATE POLICY institution ON rights.debtor
USING (institution_id = current_setting('karez.institution_id')::integer);
ALTER TABLE rights.thing ENABLE ROW LEVEL SECURITY;
CREATE POLICY institution ON rights.thing
USING (institution_id = current_setting('karez.institution_id')::integer);
ALTER TABLE rights.certificate ENABLE ROW LEVEL SECURITY;
CREATE POLICY institution ON rights.certificate
USING (institution_id = current_setting('karez.institution_id')::integer);
ALTER TABLE rights.consent ENABLE ROW LEVEL SECURITY;
CREATE POLICY institution ON rights.consent
USING (institution_id = current_setting('karez.institution_id')::integer);
ALTER TABLE rights.pause ENABLE ROW LEVEL SECURITY;
CREATE POLICY institution ON rights.pause
USING (institution_id = current_setting('karez.institution_id')::integer);
ALTER TABLE rights.revocation ENABLE ROW LEVEL SECURITY;
CREATE POLICY institution ON rights.revocation
USING (institution_id = current_setting('karez.institution_id')::integer);
ALTER TABLE rights.consent_use ENABLE ROW LEVEL SECURITY;
CREATE POLICY institution ON rights.consent_use
USING (institution_id = current_setting('karez.institution_id')::integer);
ALTER TABLE rights.consent_read ENABLE ROW LEVEL SECURITY;
CREATE POLICY institution ON rights.consent_read
USING (institution_id = current_setting('karez.institution_id')::integer);

-- Nobody may change or delete a row but its owner. The poster adds rows of a batch, by COPY; uses
-- of consents are added by the functions below, and by nothing else.
GRANT USAGE ON SCHEMA rights TO karez_application, karez_reader, karez_poster;
GRANT SELECT ON ALL TABLES IN SCHEMA rights TO karez_application, karez_reader;
GRANT INSERT ON rights.book, rights.batch, rights.certificate TO karez_application;
GRANT UPDATE (number, recorded_at, digest, event_count, claim_count, name_count)
ON rights.book TO karez_application;
GRANT INSERT ON rights.event, rights.name, rights.gram, rights.debtor, rights.thing, rights.consent,
rights.revocation, rights.pause TO karez_poster;

-- Whether a consent rests at this moment.
CREATE FUNCTION rights.is_paused_v1(in_consent_id uuid) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog
AS $$
    SELECT coalesce((
        SELECT p.is_paused FROM rights.pause AS p
        WHERE
            p.institution_id = current_setting('karez.institution_id')::integer
            AND p.consent_id = in_consent_id
        ORDER BY p.version DESC
        LIMIT 1
    ), FALSE);
$$;

REVOKE ALL ON FUNCTION rights.is_paused_v1(uuid) FROM public;

-- Why a consent does not cover a use at this instant; 'allowed' where it does. In the order in
-- which a person would ask: is it there, is it mine, does it stand, what does it cover, how much.
CREATE FUNCTION rights.judge_use_v1(
    in_consent_id uuid,
    in_receiver text,
    in_purpose text,
    in_scope text,
    in_mode text,
    in_series text,
    in_range_from date,
    in_range_to date,
    in_amount_minor bigint,
    in_currency text,
    in_condition_evidence text
) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog
AS $$
DECLARE
    institution integer := current_setting('karez.institution_id')::integer;
    now_at timestamptz := clock_timestamp();
    consent rights.consent;
BEGIN
    SELECT * INTO consent FROM rights.consent AS c
    WHERE c.institution_id = institution AND c.consent_id = in_consent_id;
    IF NOT found THEN
        RETURN 'consent-unknown';
    ELSIF consent.receiver <> in_receiver THEN
        RETURN 'consent-receiver';
    ELSIF EXISTS (
        SELECT 1 FROM rights.revocation AS r
        WHERE r.institution_id = institution AND r.consent_id = in_consent_id
    ) THEN
        RETURN 'consent-revoked';
    ELSIF now_at < consent.starts_at THEN
        RETURN 'consent-not-started';
    ELSIF now_at >= consent.ends_at THEN
        RETURN 'consent-expired';
    ELSIF rights.is_paused_v1(in_consent_id) THEN
        RETURN 'consent-paused';
    ELSIF in_purpose <> ALL (consent.purposes) THEN
        RETURN 'consent-purpose';
    ELSIF in_scope <> ALL (consent.scopes) THEN
        RETURN 'consent-scope';
    ELSIF in_series <> ALL (consent.series) THEN
        RETURN 'consent-series';
    ELSIF in_mode <> ALL (consent.modes) THEN
        RETURN 'consent-mode';
    ELSIF
        in_range_from > in_range_to
        OR in_range_from < consent.range_from
        OR in_range_to > consent.range_to
    THEN
        RETURN 'consent-range';
    ELSIF consent.condition <> '' AND in_condition_evidence = '' THEN
        RETURN 'consent-condition';
    ELSIF
        in_amount_minor IS NOT NULL AND (
            in_currency IS DISTINCT FROM consent.currency
            OR in_amount_minor > coalesce(consent.amount_most_minor, in_amount_minor)
            OR in_amount_minor + coalesce((
                SELECT sum(u.amount_minor) FROM rights.consent_use AS u
                WHERE
                    u.institution_id = institution
                    AND u.consent_id = in_consent_id
                    AND u.verdict = 'allowed'
            ), 0) > coalesce(consent.total_most_minor, 9223372036854775807)
        )
    THEN
        RETURN 'consent-amount';
    ELSIF (
        SELECT count(*) FROM rights.consent_use AS u
        WHERE
            u.institution_id = institution
            AND u.consent_id = in_consent_id
            AND u.verdict = 'allowed'
            AND (
                consent.uses_period = 'once'
                OR u.used_at > now_at - ('1 ' || consent.uses_period)::interval
            )
    ) >= consent.uses_most THEN
        RETURN 'consent-frequency';
    END IF;
    RETURN 'allowed';
END
$$;

-- Record a use that is asked for, and its verdict. Uses of one consent wait for one another, so
-- that no two of them take the last one that is left. An id that was used before answers as it did.
CREATE FUNCTION rights.use_consent_v1(
    in_use_id uuid,
    in_consent_id uuid,
    in_receiver text,
    in_purpose text,
    in_scope text,
    in_mode text,
    in_series text,
    in_range_from date,
    in_range_to date,
    in_amount_minor bigint,
    in_currency text,
    in_condition_evidence text,
    in_reader text
) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog
AS $$
DECLARE
    institution integer := current_setting('karez.institution_id')::integer;
    life integer;
    last_use rights.consent_use;
    before rights.consent_use;
    answer text;
    now_at timestamptz;
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RETURN 'consent-isolation';
    END IF;
    SELECT c.data_life_days INTO life FROM rights.consent AS c
    WHERE c.institution_id = institution AND c.consent_id = in_consent_id
    FOR NO KEY UPDATE;
    IF NOT found THEN
        RETURN 'consent-unknown';
    END IF;
    SELECT * INTO before FROM rights.consent_use AS u
    WHERE u.institution_id = institution AND u.use_id = in_use_id;
    IF found THEN
        IF (
            before.consent_id, before.receiver, before.purpose, before.scope, before.mode,
            before.series, before.range_from, before.range_to, before.amount_minor,
            before.currency, before.condition_evidence, before.reader
        ) IS DISTINCT FROM (
            in_consent_id, in_receiver, in_purpose, in_scope, in_mode,
            in_series, in_range_from, in_range_to, in_amount_minor,
            in_currency, in_condition_evidence, in_reader
        ) THEN
            RETURN 'event-conflict';
        END IF;
        RETURN before.verdict;
    END IF;
    answer := rights.judge_use_v1(
        in_consent_id, in_receiver, in_purpose, in_scope, in_mode, in_series, in_range_from,
        in_range_to, in_amount_minor, in_currency, in_condition_evidence
    );
    SELECT * INTO last_use FROM rights.consent_use AS u
    WHERE u.institution_id = institution AND u.consent_id = in_consent_id
    ORDER BY u.use_number DESC LIMIT 1;
    now_at := clock_timestamp();
    INSERT INTO rights.consent_use
    SELECT
        institution, in_consent_id, coalesce(last_use.use_number, 0) + 1, in_use_id, in_receiver,
        in_purpose, in_scope, in_mode, in_series, in_range_from, in_range_to, in_amount_minor,
        in_currency, in_condition_evidence, in_reader, answer, now_at,
        CASE
            WHEN answer = 'allowed' AND in_mode IN ('STORE', 'STREAM')
                THEN now_at + life * interval '1 day'
        END,
        pg_current_xact_id(),
        rights.use_digest_v1(
            coalesce(last_use.digest, sha256(in_consent_id::text::bytea)), in_use_id,
            array[
                in_receiver, in_purpose, in_scope, in_mode, in_series, in_range_from::text,
                in_range_to::text, in_amount_minor::text, in_currency, in_condition_evidence,
                in_reader, answer
            ],
            now_at
        );
    RETURN answer;
END
$$;

-- The link of a use in the chain of its consent. The array's JSON keeps its parts apart.
CREATE FUNCTION rights.use_digest_v1(
    in_before bytea, in_use_id uuid, in_parts text[], in_used_at timestamptz
) RETURNS bytea
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog
AS $$
    SELECT sha256(
        in_before
        || convert_to(
            in_use_id::text || array_to_json(in_parts)::text
            || (extract(EPOCH FROM in_used_at) * 1000000)::bigint::text,
            'UTF8'
        )
    );
$$;

-- Stop unless the data of a day lies open under a use, at this very moment: the withdrawal of a
-- consent ends also what is being read. A use opens data for a quarter of an hour, to those who
-- come after the transaction that began it, so that a use which was rolled back has opened nothing.
CREATE FUNCTION rights.covers_v1(in_use_id uuid, in_series text, in_day date) RETURNS boolean
LANGUAGE plpgsql COST 10000 SECURITY DEFINER SET search_path = pg_catalog
AS $$
DECLARE
    institution integer := current_setting('karez.institution_id')::integer;
    now_at timestamptz := clock_timestamp();
    used record;
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'consent-isolation' USING ERRCODE = 'KR001';
    END IF;
    SELECT
        u.series, u.range_from, u.range_to, c.ends_at, u.consent_id,
        u.verdict = 'allowed'
        AND u.used_at > now_at - interval '15 minutes'
        AND u.opened_by IS DISTINCT FROM pg_current_xact_id_if_assigned() AS is_open,
        EXISTS (
            SELECT 1 FROM rights.revocation AS r
            WHERE r.institution_id = institution AND r.consent_id = u.consent_id
        ) AS is_revoked,
        EXISTS (
            SELECT 1 FROM rights.consent_read AS r
            WHERE r.institution_id = institution AND r.use_id = u.use_id
        ) AS has_ended
    INTO used
    FROM rights.consent_use AS u
    INNER JOIN rights.consent AS c
        ON u.institution_id = c.institution_id AND u.consent_id = c.consent_id
    WHERE u.institution_id = institution AND u.use_id = in_use_id;
    IF used.is_revoked THEN
        RAISE EXCEPTION 'consent-revoked' USING ERRCODE = 'KR001';
    ELSIF used.ends_at <= now_at THEN
        RAISE EXCEPTION 'consent-expired' USING ERRCODE = 'KR001';
    ELSIF rights.is_paused_v1(used.consent_id) THEN
        RAISE EXCEPTION 'consent-paused' USING ERRCODE = 'KR001';
    ELSIF used.is_open IS NOT TRUE OR used.has_ended THEN
        RAISE EXCEPTION 'consent-use' USING ERRCODE = 'KR001';
    END IF;
    RETURN used.series = in_series AND in_day BETWEEN used.range_from AND used.range_to;
END
$$;

-- End a use, and say how many rows were read under it.
CREATE FUNCTION rights.end_use_v1(in_use_id uuid, in_row_count bigint) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog
AS $$
    INSERT INTO rights.consent_read
    SELECT u.institution_id, u.use_id, in_row_count, clock_timestamp()
    FROM rights.consent_use AS u
    WHERE
        u.institution_id = current_setting('karez.institution_id')::integer
        AND u.use_id = in_use_id
        AND u.verdict = 'allowed'
    ON CONFLICT DO NOTHING;
$$;

-- The series and the days of a use: by these the views of data find their rows.
CREATE FUNCTION rights.use_range_v1(
    in_use_id uuid, OUT series text, OUT range_from date, OUT range_to date
) RETURNS record
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
AS $$
    SELECT u.series, u.range_from, u.range_to
    FROM rights.consent_use AS u
    WHERE
        u.institution_id = current_setting('karez.institution_id')::integer
        AND u.use_id = in_use_id;
$$;

REVOKE ALL ON FUNCTION rights.judge_use_v1(
    uuid, text, text, text, text, text, date, date, bigint, text, text
) FROM public;
REVOKE ALL ON FUNCTION rights.use_consent_v1(
    uuid, uuid, text, text, text, text, text, date, date, bigint, text, text, text
) FROM public;
REVOKE ALL ON FUNCTION rights.end_use_v1(uuid, bigint) FROM public;
REVOKE ALL ON FUNCTION rights.covers_v1(uuid, text, date) FROM public;
REVOKE ALL ON FUNCTION rights.use_range_v1(uuid) FROM public;
GRANT EXECUTE ON FUNCTION rights.judge_use_v1(
    uuid, text, text, text, text, text, date, date, bigint, text, text
) TO karez_application, karez_reader;
GRANT EXECUTE ON FUNCTION rights.use_consent_v1(
    uuid, uuid, text, text, text, text, text, date, date, bigint, text, text, text
) TO karez_application;
GRANT EXECUTE ON FUNCTION rights.end_use_v1(uuid, bigint) TO karez_application;
GRANT EXECUTE ON FUNCTION rights.covers_v1(uuid, text, date) TO karez_application, karez_receiver;
GRANT EXECUTE ON FUNCTION rights.use_range_v1(uuid) TO karez_application, karez_receiver;
GRANT USAGE ON SCHEMA rights TO karez_receiver;
