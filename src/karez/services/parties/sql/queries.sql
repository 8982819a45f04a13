-- name: take_register
-- Wait until nobody else writes parties of this institution.
SELECT party_count
FROM parties.register
WHERE institution_id = current_setting('karez.institution_id')::integer
FOR UPDATE;

-- name: open_register
-- Begin the register of this institution, unless it is there.
INSERT INTO parties.register (institution_id, party_count)
VALUES (current_setting('karez.institution_id')::integer, 0)
ON CONFLICT DO NOTHING;

-- name: count_parties
-- Count parties that were added.
UPDATE parties.register SET party_count = party_count + %(added)s
WHERE institution_id = current_setting('karez.institution_id')::integer;

-- name: parties_of_keys
-- Find the party of each of these keys.
SELECT
    k.key,
    k.party_id
FROM parties.key AS k
WHERE
    k.institution_id = current_setting('karez.institution_id')::integer
    AND k.key = any(%(keys)s::text[]);

-- name: parties_alike
-- Find parties that are or were called exactly so.
SELECT DISTINCT
    p.spelled,
    p.party_id
FROM parties.party AS p
WHERE
    p.institution_id = current_setting('karez.institution_id')::integer
    AND p.spelled = any(%(spelled)s::text[])
ORDER BY p.party_id;

-- name: names
-- Read every name that a party stands or stood under.
SELECT DISTINCT
    p.party_id,
    p.kind,
    p.spelled
FROM parties.party AS p
WHERE p.institution_id = current_setting('karez.institution_id')::integer
ORDER BY p.party_id;

-- name: find_parties
-- Read the last version of these parties, with their keys.
SELECT DISTINCT ON (p.party_id)
    p.party_id,
    p.version,
    p.recorded_at,
    p.kind,
    p.name,
    p.given,
    array(
        SELECT k.key
        FROM parties.key AS k
        WHERE k.institution_id = p.institution_id AND k.party_id = p.party_id
        ORDER BY k.place
    ) AS keys,
    p.place,
    p.industry,
    p.segment,
    p.phone,
    p.began_on
FROM parties.party AS p
WHERE
    p.institution_id = current_setting('karez.institution_id')::integer
    AND p.party_id = any(%(party_ids)s::uuid[])
ORDER BY p.party_id ASC, p.version DESC;

-- name: add_versions
-- Add versions of parties.
INSERT INTO parties.party (
    institution_id, party_id, version, kind, name, given, spelled, place, industry, segment, phone,
    began_on, actor
)
SELECT
    current_setting('karez.institution_id')::integer AS institution_id,
    r.party_id,
    r.version,
    r.kind,
    r.name,
    r.given,
    r.spelled,
    r.place,
    r.industry,
    r.segment,
    r.phone,
    r.began_on,
    r.actor
FROM jsonb_to_recordset(%(rows)s::jsonb) AS r (
    party_id uuid, version integer, kind text, name text, given text, spelled text, place text,
    industry text, segment text, phone text, began_on date, actor text
);

-- name: add_keys
-- Add keys of parties.
INSERT INTO parties.key (institution_id, key, party_id, place)
SELECT
    current_setting('karez.institution_id')::integer AS institution_id,
    r.key,
    r.party_id,
    r.place
FROM jsonb_to_recordset(%(rows)s::jsonb) AS r (key text, party_id uuid, place smallint);

-- name: find_tie
-- Read the last version of one tie.
SELECT
    t.version,
    t.holds,
    t.valid_on
FROM parties.tie AS t
WHERE
    t.institution_id = current_setting('karez.institution_id')::integer
    AND t.party_id = %(party_id)s
    AND t.kind = %(kind)s
    AND t.other_id = %(other_id)s
ORDER BY t.version DESC
LIMIT 1;

-- name: add_tie
-- Add a version of a tie.
INSERT INTO parties.tie (
    institution_id, party_id, kind, other_id, version, holds, valid_on, actor, reason
)
VALUES (
    current_setting('karez.institution_id')::integer, %(party_id)s, %(kind)s, %(other_id)s,
    %(version)s, %(holds)s, %(valid_on)s, %(actor)s, %(reason)s
);

-- name: ties_of
-- Read the ties of these parties, from either side, that hold on a day.
SELECT
    t.party_id,
    t.kind,
    t.other_id,
    t.valid_on
FROM (
    SELECT DISTINCT ON (i.party_id, i.kind, i.other_id) i.*
    FROM parties.tie AS i
    WHERE
        i.institution_id = current_setting('karez.institution_id')::integer
        AND (i.party_id = any(%(party_ids)s::uuid[]) OR i.other_id = any(%(party_ids)s::uuid[]))
        AND i.valid_on <= %(day)s
    ORDER BY i.party_id ASC, i.kind ASC, i.other_id ASC, i.version DESC
) AS t
WHERE t.holds
ORDER BY t.party_id, t.kind, t.other_id;
