-- name: add_account
-- Add an account of a person or of a machine.
INSERT INTO access.account (
    institution_id, account_id, person_id, kind, name, full_name, outlet, made_by
)
VALUES (
    current_setting('karez.institution_id')::integer,
    %(account_id)s,
    %(person_id)s,
    %(kind)s,
    %(name)s,
    %(full_name)s,
    %(outlet)s,
    %(made_by)s
)
ON CONFLICT (institution_id, name) DO NOTHING
RETURNING made_at;

-- name: accounts
-- List all accounts by name.
SELECT
    account_id,
    person_id,
    kind,
    name,
    full_name,
    outlet,
    password IS NOT NULL AS has_password,
    totp_secret IS NOT NULL AS has_totp,
    made_by,
    made_at,
    ended_at
FROM access.account
WHERE
    institution_id = current_setting('karez.institution_id')::integer
    AND (%(name)s::text IS NULL OR name = %(name)s::text)
ORDER BY name;

-- name: end_account
-- End an account: nobody enters by it any more.
UPDATE access.account
SET ended_at = clock_timestamp()
WHERE
    institution_id = current_setting('karez.institution_id')::integer
    AND account_id = %(account_id)s
    AND ended_at IS NULL;

-- name: give_role
-- Give a role to an account.
INSERT INTO access.membership (
    institution_id, account_id, role, amount_most_minor, outlets, given_by
)
VALUES (
    current_setting('karez.institution_id')::integer,
    %(account_id)s,
    %(role)s,
    %(amount_most_minor)s,
    %(outlets)s,
    %(given_by)s
);

-- name: take_role
-- Take a role from an account.
UPDATE access.membership
SET ended_at = clock_timestamp()
WHERE
    institution_id = current_setting('karez.institution_id')::integer
    AND account_id = %(account_id)s
    AND role = %(role)s
    AND ended_at IS NULL;

-- name: roles_of
-- List the roles that accounts have now.
SELECT
    account_id,
    role,
    amount_most_minor,
    outlets
FROM access.membership
WHERE
    institution_id = current_setting('karez.institution_id')::integer
    AND account_id = any(%(accounts)s)
    AND ended_at IS NULL
ORDER BY role;

-- name: add_pass
-- Keep the digest of what lets somebody in.
INSERT INTO access.pass (
    institution_id, digest, kind, account_id, label, guard, expires_at
)
VALUES (
    current_setting('karez.institution_id')::integer,
    %(digest)s,
    %(kind)s,
    %(account_id)s,
    %(label)s,
    %(guard)s,
    clock_timestamp() + %(lasts)s::interval
)
RETURNING expires_at;

-- name: pass
-- Find what lets somebody in, if it is in force, and whose it is.
SELECT
    p.account_id,
    p.guard,
    p.label,
    a.person_id,
    a.kind,
    a.name,
    a.full_name,
    a.outlet
FROM access.pass AS p
INNER JOIN access.account AS a
    ON
        p.institution_id = a.institution_id
        AND p.account_id = a.account_id
WHERE
    p.institution_id = current_setting('karez.institution_id')::integer
    AND p.digest = %(digest)s
    AND p.kind = any(%(kinds)s)
    AND p.ended_at IS NULL
    AND a.ended_at IS NULL
    AND (p.expires_at IS NULL OR p.expires_at > clock_timestamp())
    AND (
        p.kind <> 'session'
        OR p.seen_at > clock_timestamp() - %(idle)s::interval
    );

-- name: see_pass
-- Note that a session is in use.
UPDATE access.pass
SET seen_at = clock_timestamp()
WHERE
    institution_id = current_setting('karez.institution_id')::integer
    AND digest = %(digest)s
    AND seen_at < clock_timestamp() - interval '1 minute';

-- name: end_pass
-- End what lets somebody in.
UPDATE access.pass
SET ended_at = clock_timestamp()
WHERE
    institution_id = current_setting('karez.institution_id')::integer
    AND digest = %(digest)s
    AND ended_at IS NULL;

-- name: end_passes
-- End all that lets an account in, of some kinds; those with a label, if one is given.
UPDATE access.pass
SET ended_at = clock_timestamp()
WHERE
    institution_id = current_setting('karez.institution_id')::integer
    AND account_id = %(account_id)s
    AND kind = any(%(kinds)s)
    AND (%(label)s::text IS NULL OR label = %(label)s::text)
    AND ended_at IS NULL;

-- name: passes_of
-- List what lets an account in, newest first.
SELECT
    kind,
    label,
    made_at,
    seen_at,
    expires_at,
    ended_at
FROM access.pass
WHERE
    institution_id = current_setting('karez.institution_id')::integer
    AND account_id = %(account_id)s
ORDER BY made_at DESC
LIMIT 100;

-- name: secrets_of
-- Read what a sign-in by name is judged by, and lock it: a code is used once.
SELECT
    account_id,
    password,
    totp_secret,
    totp_step
FROM access.account
WHERE
    institution_id = current_setting('karez.institution_id')::integer
    AND name = %(name)s
    AND kind = 'person'
    AND ended_at IS NULL
FOR NO KEY UPDATE;

-- name: set_password
-- Keep the hash of a new password.
UPDATE access.account
SET password = %(password)s
WHERE
    institution_id = current_setting('karez.institution_id')::integer
    AND account_id = %(account_id)s;

-- name: set_totp
-- Keep the secret from which codes are made.
UPDATE access.account
SET totp_secret = %(secret)s, totp_step = %(step)s
WHERE
    institution_id = current_setting('karez.institution_id')::integer
    AND account_id = %(account_id)s;

-- name: use_totp
-- Note the step of which a code was used.
UPDATE access.account
SET totp_step = %(step)s
WHERE
    institution_id = current_setting('karez.institution_id')::integer
    AND account_id = %(account_id)s;

-- name: failures
-- Count the sign-ins under a name that failed lately.
SELECT count(*)
FROM access.failure
WHERE
    institution_id = current_setting('karez.institution_id')::integer
    AND name = %(name)s
    AND failed_at > clock_timestamp() - %(within)s::interval;

-- name: add_failure
-- Note a sign-in that failed.
INSERT INTO access.failure (institution_id, name, failure_id)
VALUES (current_setting('karez.institution_id')::integer, %(name)s, %(failure_id)s);

-- name: clear_failures
-- Forget failures of a name, once it signed in.
DELETE FROM access.failure
WHERE
    institution_id = current_setting('karez.institution_id')::integer
    AND name = %(name)s;

-- name: hold_key
-- Hold an idempotency key until the end of the transaction; false where another request holds it.
SELECT pg_try_advisory_xact_lock(hashtextextended(
    current_setting('karez.institution_id') || ' ' || %(account_id)s::text || ' ' || %(key)s, 14
));

-- name: answer
-- Find the answer under an idempotency key.
SELECT
    asked,
    document,
    proposal_id
FROM access.answer
WHERE
    institution_id = current_setting('karez.institution_id')::integer
    AND account_id = %(account_id)s
    AND key = %(key)s;

-- name: keep_answer
-- Keep the answer under an idempotency key.
INSERT INTO access.answer (institution_id, account_id, key, asked, document, proposal_id)
VALUES (
    current_setting('karez.institution_id')::integer,
    %(account_id)s,
    %(key)s,
    %(asked)s,
    %(document)s,
    %(proposal_id)s
);

-- name: forget_answers
-- Forget answers that are older than an age.
DELETE FROM access.answer
WHERE
    institution_id = current_setting('karez.institution_id')::integer
    AND answered_at < clock_timestamp() - %(age)s::interval;

-- name: add_proposal
-- Keep what waits for somebody else.
INSERT INTO access.proposal (
    institution_id, proposal_id, operation, target, given, effect, amount_minor, maker_id,
    maker_person_id, maker, reason, expires_at
)
VALUES (
    current_setting('karez.institution_id')::integer,
    %(proposal_id)s,
    %(operation)s,
    %(target)s,
    %(given)s,
    %(effect)s,
    %(amount_minor)s,
    %(maker_id)s,
    %(maker_person_id)s,
    %(maker)s,
    %(reason)s,
    clock_timestamp() + %(lasts)s::interval
);

-- name: proposals
-- List proposals, newest first: one, or those that wait, or all.
SELECT
    proposal_id,
    operation,
    target,
    given,
    effect,
    amount_minor,
    maker_id,
    maker_person_id,
    maker,
    reason,
    made_at,
    expires_at,
    verdict,
    checker,
    verdict_reason,
    decided_at,
    expires_at <= clock_timestamp() AS is_expired
FROM access.proposal
WHERE
    institution_id = current_setting('karez.institution_id')::integer
    AND (%(proposal_id)s::uuid IS NULL OR proposal_id = %(proposal_id)s::uuid)
    AND (NOT %(waiting)s::boolean OR (verdict IS NULL AND expires_at > clock_timestamp()))
    AND (%(before)s::timestamptz IS NULL OR made_at < %(before)s::timestamptz)
ORDER BY made_at DESC
LIMIT %(most)s;

-- name: decide
-- Keep what became of a proposal that waits; the second who decides changes nothing.
UPDATE access.proposal
SET
    verdict = %(verdict)s,
    checker_id = %(checker_id)s,
    checker_person_id = %(checker_person_id)s,
    checker = %(checker)s,
    verdict_reason = %(verdict_reason)s,
    decided_at = clock_timestamp()
WHERE
    institution_id = current_setting('karez.institution_id')::integer
    AND proposal_id = %(proposal_id)s
    AND verdict IS NULL
RETURNING decided_at;

-- name: open_desk
-- Begin the audit of an institution.
INSERT INTO access.desk (institution_id, audits, digest)
VALUES (current_setting('karez.institution_id')::integer, 0, %(digest)s)
ON CONFLICT DO NOTHING;

-- name: take_desk
-- Lock the head of the audit; whoever writes to it does so first.
SELECT
    audits,
    digest,
    clock_timestamp() AS recorded_at
FROM access.desk
WHERE institution_id = current_setting('karez.institution_id')::integer
FOR UPDATE;

-- name: move_desk
-- Move the head of the audit.
UPDATE access.desk
SET audits = %(audits)s, digest = %(digest)s
WHERE institution_id = current_setting('karez.institution_id')::integer;

-- name: add_audit
-- Write down what was done.
INSERT INTO access.audit (
    institution_id, audit_number, account_id, actor, operation, target, given, before, after,
    reason, request_id, proposal_id, recorded_at, digest
)
VALUES (
    current_setting('karez.institution_id')::integer,
    %(audit_number)s,
    %(account_id)s,
    %(actor)s,
    %(operation)s,
    %(target)s,
    %(given)s,
    %(before)s,
    %(after)s,
    %(reason)s,
    %(request_id)s,
    %(proposal_id)s,
    %(recorded_at)s,
    %(digest)s
);

-- name: audits
-- Read the audit, newest first, below a number; of a target, if one is given.
SELECT
    audit_number,
    account_id,
    actor,
    operation,
    target,
    given,
    before,
    after,
    reason,
    request_id,
    proposal_id,
    recorded_at,
    digest
FROM access.audit
WHERE
    institution_id = current_setting('karez.institution_id')::integer
    AND audit_number < %(below)s
    AND (%(target)s::text IS NULL OR target = %(target)s::text)
    AND (%(operation)s::text IS NULL OR operation = %(operation)s::text)
    AND (%(actor)s::text IS NULL OR actor = %(actor)s::text)
ORDER BY audit_number DESC
LIMIT %(most)s;

-- name: head
-- Read the head of the audit.
SELECT
    audits,
    digest
FROM access.desk
WHERE institution_id = current_setting('karez.institution_id')::integer;

-- name: audit_in_order
-- Read the audit from its first row.
SELECT
    audit_number,
    account_id,
    actor,
    operation,
    target,
    given,
    before,
    after,
    reason,
    request_id,
    proposal_id,
    recorded_at,
    digest
FROM access.audit
WHERE institution_id = current_setting('karez.institution_id')::integer
ORDER BY audit_number;

-- name: forget_challenges
-- Forget challenges that have run out.
DELETE FROM access.challenge
WHERE
    institution_id = current_setting('karez.institution_id')::integer
    AND expires_at <= clock_timestamp();

-- name: add_challenge
-- Keep what a device is asked to sign.
INSERT INTO access.challenge (
    institution_id, challenge_id, challenge, purpose, account_id, expires_at
)
VALUES (
    current_setting('karez.institution_id')::integer,
    %(challenge_id)s,
    %(challenge)s,
    %(purpose)s,
    %(account_id)s,
    clock_timestamp() + %(lasts)s::interval
);

-- name: take_challenge
-- Take a challenge away, if it is in force for this purpose and account: it is answered once.
DELETE FROM access.challenge
WHERE
    institution_id = current_setting('karez.institution_id')::integer
    AND challenge_id = %(challenge_id)s
    AND purpose = %(purpose)s
    AND account_id IS NOT DISTINCT FROM %(account_id)s::uuid
    AND expires_at > clock_timestamp()
RETURNING challenge;

-- name: add_passkey
-- Keep the public half of a key of an account.
INSERT INTO access.passkey (
    institution_id, credential_id, account_id, label, public_key, uses
)
VALUES (
    current_setting('karez.institution_id')::integer,
    %(credential_id)s,
    %(account_id)s,
    %(label)s,
    %(public_key)s,
    %(uses)s
)
ON CONFLICT DO NOTHING;

-- name: passkey
-- Read a key in force of an account in force, and lock it: its counter goes up with each use.
SELECT
    k.account_id,
    k.public_key,
    k.uses
FROM access.passkey AS k
INNER JOIN access.account AS a
    ON
        k.institution_id = a.institution_id
        AND k.account_id = a.account_id
WHERE
    k.institution_id = current_setting('karez.institution_id')::integer
    AND k.credential_id = %(credential_id)s
    AND k.ended_at IS NULL
    AND a.ended_at IS NULL
FOR UPDATE OF k;

-- name: use_passkey
-- Note the counter of a key at its last use.
UPDATE access.passkey
SET uses = %(uses)s
WHERE
    institution_id = current_setting('karez.institution_id')::integer
    AND credential_id = %(credential_id)s;

-- name: end_passkey
-- End a key of an account.
UPDATE access.passkey
SET ended_at = clock_timestamp()
WHERE
    institution_id = current_setting('karez.institution_id')::integer
    AND account_id = %(account_id)s
    AND credential_id = %(credential_id)s
    AND ended_at IS NULL;

-- name: passkeys_of
-- List the keys of an account, the oldest first.
SELECT
    credential_id,
    label,
    made_at,
    ended_at
FROM access.passkey
WHERE
    institution_id = current_setting('karez.institution_id')::integer
    AND account_id = %(account_id)s
ORDER BY made_at;
