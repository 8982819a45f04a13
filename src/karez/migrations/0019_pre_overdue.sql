-- The worklist of whoever collects: the latest first, then by what is late.
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX standing_overdue ON lending.standing (
    institution_id,
    oldest_due,
    (
        -(
            overdue_principal_minor + overdue_interest_minor
            + overdue_fees_minor + overdue_penalties_minor
        )
    ),
    loan_number
) WHERE until = 'infinity' AND oldest_due IS NOT NULL;
