-- As tend_v1, but ANALYZE only where the table has outgrown its statistics: it took most of the
-- time of a seal, and new rows at the end of a range do not change what the planner makes of it.
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
