-- name: find_sheet
-- Read a version of a product; without a version the latest.
SELECT
    code,
    version,
    content,
    actor,
    reason,
    recorded_at
FROM products.sheet
WHERE
    institution_id = current_setting('karez.institution_id')::integer
    AND code = %(code)s
    AND version = coalesce(%(version)s::integer, version)
ORDER BY version DESC
LIMIT 1;

-- name: list_sheets
-- Read all versions of all products, or of one, in order.
SELECT
    code,
    version,
    content,
    actor,
    reason,
    recorded_at
FROM products.sheet
WHERE
    institution_id = current_setting('karez.institution_id')::integer
    AND code = coalesce(%(code)s::text, code)
ORDER BY code, version;

-- name: add_sheet
-- Add a version of a product, unless another has just taken its number.
INSERT INTO products.sheet
(institution_id, code, version, name, currency, content, actor, reason)
VALUES (
    current_setting('karez.institution_id')::integer,
    %(code)s,
    %(version)s,
    %(name)s,
    %(currency)s,
    %(content)s,
    %(actor)s,
    %(reason)s
)
ON CONFLICT DO NOTHING
RETURNING recorded_at;
