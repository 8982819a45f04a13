-- name: database_state
-- Tell how this login stands: do our options arrive, and does the owner have a schema to look in.
SELECT
    current_setting('lock_timeout') <> '0' AS options_arrive,
    to_regclass('kernel.migration') IS NOT NULL AS has_migrations,
    current_user AS login,
    current_database() AS name;

-- name: role_state
-- List the roles that exist of those wanted, and what this login and the owner may do.
SELECT
    rolname AS name,
    rolbypassrls AS bypasses_row_security,
    pg_has_role(session_user, oid, 'SET') AS may_be_taken,
    has_database_privilege(oid, current_database(), 'CREATE') AS may_create
FROM pg_catalog.pg_roles
WHERE rolname = any(%(roles)s);

-- name: become
-- Go on as another role, to the end of the session.
SELECT set_config('role', %(role)s, FALSE);

-- name: set_institution
-- Say whose rows this transaction may see and write, and how its statements are planned.
SELECT
    set_config('karez.institution_id', %(institution_id)s, TRUE),
    set_config('plan_cache_mode', %(plans)s, TRUE);

-- name: lock_migrations
-- Wait until no other command migrates this database, and keep others waiting until unlocked.
SELECT pg_advisory_lock(7021001);

-- name: unlock_migrations
-- Let the next command migrate.
SELECT pg_advisory_unlock(7021001);

-- name: applied_migrations
-- List the applied migrations.
SELECT
    name,
    checksum
FROM kernel.migration
ORDER BY name;

-- name: record_migration
-- Remember a migration as applied.
INSERT INTO kernel.migration (name, phase, checksum)
VALUES (%(name)s, %(phase)s, %(checksum)s);

-- name: find_institution
-- Read one institution by its code.
SELECT
    institution_id,
    code,
    name,
    created_at
FROM kernel.institution
WHERE code = %(code)s;

-- name: list_institutions
-- List all institutions, the oldest first.
SELECT
    institution_id,
    code,
    name,
    created_at
FROM kernel.institution
ORDER BY institution_id;

-- name: open_institution
-- Give a new institution the next number; do nothing where its code, or that number, is taken.
INSERT INTO kernel.institution (institution_id, code, name)
SELECT
    coalesce(max(institution_id), 0) + 1 AS institution_id,
    %(code)s,
    %(name)s
FROM kernel.institution
ON CONFLICT DO NOTHING;

-- name: find_database
-- Tell whether there is a database of this name on the server.
SELECT datname
FROM pg_catalog.pg_database
WHERE datname = %(name)s;

-- name: create_database
-- Make the embedded server's one database.
CREATE DATABASE karez;

-- name: our_schemas
-- List the schemas that belong to Karez.
SELECT nspname
FROM pg_catalog.pg_namespace
WHERE nspowner = to_regrole('karez_owner')
ORDER BY nspname;

-- name: book_tables
-- List the tables that hold books: all of ours but those of the installation.
SELECT
    namespace.nspname,
    class.relname
FROM pg_catalog.pg_class AS class
INNER JOIN pg_catalog.pg_namespace AS namespace ON class.relnamespace = namespace.oid
WHERE
    namespace.nspowner = to_regrole('karez_owner')
    AND namespace.nspname <> 'kernel'
    AND class.relkind IN ('r', 'p')
    AND NOT class.relispartition
ORDER BY namespace.nspname, class.relname;

-- name: database_facts
-- Tell what the doctor wants to know of a server and of this database.
SELECT
    current_setting('server_version') AS server_version,
    current_setting('server_encoding') AS encoding,
    current_setting('data_checksums') AS checksums,
    current_setting('fsync') AS fsync,
    current_setting('full_page_writes') AS full_page_writes,
    current_setting('synchronous_commit') AS synchronous_commit,
    pg_database_size(current_database()) AS size_bytes;
