-- A consent can rest and go on.
CREATE TABLE rights.pause (
    institution_id integer NOT NULL,
    consent_id uuid NOT NULL,
    version integer NOT NULL,
    is_paused boolean NOT NULL,
    PRIMARY KEY (institution_id, consent_id, version)
);

ALTER TABLE rights.pause ENABLE ROW LEVEL SECURITY;
CREATE POLICY institution ON rights.pause
USING (institution_id = current_setting('karez.institution_id')::integer);
GRANT SELECT ON rights.pause TO karez_application, karez_reader;
GRANT INSERT ON rights.pause TO karez_poster;

-- The new check allows more than the old one, so no row can fail it.
-- squawk-ignore ban-drop-constraint
ALTER TABLE rights.event DROP CONSTRAINT event_action_check;
-- squawk-ignore constraint-missing-not-valid
ALTER TABLE rights.event ADD CONSTRAINT event_action_check CHECK (
    action IN (
        'register', 'reserve', 'finance', 'amend', 'transfer', 'subordinate', 'renew',
        'release', 'cancel', 'grant', 'revoke', 'pause', 'resume'
    )
);

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

CREATE OR REPLACE FUNCTION rights.judge_use_v1(
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

CREATE OR REPLACE FUNCTION rights.covers_v1(in_use_id uuid, in_series text, in_day date)
RETURNS boolean
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
