-- The tables of applications, as they stand after all migrations.
CREATE SCHEMA origination;

-- One row for each application: what it is found by, and the lock of whoever adds an event.
-- "amount_minor" is what was asked, then what policy lets through, then what was approved. It,
-- "stage" and "event_count" follow from the events.
CREATE TABLE origination.application (
    institution_id integer NOT NULL,
    application_id uuid NOT NULL,
    borrower_id uuid NOT NULL,
    product_code text NOT NULL CHECK (product_code <> ''),
    officer text NOT NULL,
    submitted_on date NOT NULL,
    currency text NOT NULL CHECK (currency <> ''),
    amount_minor bigint NOT NULL CHECK (amount_minor >= 0),
    stage text NOT NULL,
    event_count integer NOT NULL CHECK (event_count > 0),
    PRIMARY KEY (institution_id, application_id)
);

CREATE INDEX application_borrower ON origination.application (institution_id, borrower_id);
CREATE INDEX application_product ON origination.application (institution_id, product_code);
CREATE INDEX application_stage ON origination.application (institution_id, stage);

-- What happened to an application. Its state is the fold of these, in order of number.
CREATE TABLE origination.event (
    institution_id integer NOT NULL,
    application_id uuid NOT NULL,
    number integer NOT NULL CHECK (number > 0),
    command_id uuid NOT NULL,
    kind text NOT NULL CHECK (
        kind IN (
            'submitted', 'gathered', 'trusted', 'scored', 'priced', 'voted', 'decided', 'offered',
            'accepted', 'pledged', 'booked', 'withdrawn'
        )
    ),
    valid_on date NOT NULL,
    content text NOT NULL CHECK (content <> ''),
    actor text NOT NULL,
    reason text NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (institution_id, application_id, number)
);

CREATE UNIQUE INDEX event_command ON origination.event (institution_id, command_id);

-- One institution cannot see another's rows, whatever the query.
ALTER TABLE origination.application ENABLE ROW LEVEL SECURITY;
CREATE POLICY institution ON origination.application
USING (institution_id = current_setting('karez.institution_id')::integer);
ALTER TABLE origination.event ENABLE ROW LEVEL SECURITY;
CREATE POLICY institution ON origination.event
USING (institution_id = current_setting('karez.institution_id')::integer);

-- Events are added and never change; of an application only what follows from them moves.
GRANT USAGE ON SCHEMA origination TO karez_application, karez_reader;
GRANT SELECT ON ALL TABLES IN SCHEMA origination TO karez_application, karez_reader;
GRANT INSERT ON ALL TABLES IN SCHEMA origination TO karez_application;
GRANT UPDATE (amount_minor, stage, event_count) ON origination.application TO karez_application;
