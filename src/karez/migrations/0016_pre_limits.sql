-- How much of a loan may be paid out; loans that are there keep none.
ALTER TABLE lending.loan ADD COLUMN limit_minor bigint, ADD COLUMN revolves_until date;
-- squawk-ignore constraint-missing-not-valid
ALTER TABLE lending.loan ADD CONSTRAINT loan_limit_check CHECK (
    limit_minor > 0 OR (limit_minor IS NULL AND revolves_until IS NULL)
);
