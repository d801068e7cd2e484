-- name: schema-exists
-- Tell whether any migration was ever applied to this database.
SELECT to_regclass('schema_versions') IS NOT NULL AS present;

-- name: schema-version
-- Return the number of the newest migration applied, 0 where there is none.
SELECT coalesce(max(version), 0) AS version FROM schema_versions;

-- name: lock-schema
-- Wait until nobody else migrates this database; the lock ends with the transaction.
SELECT pg_advisory_xact_lock(hashtext('countersign.schema')::bigint);

-- name: note-migration
-- Note that migration $1, of name $2, is applied.
INSERT INTO schema_versions (version, name) VALUES ($1::integer, $2::text);

-- name: is-member
-- Tell whether the login of this connection may take on role $1; no where there is no such role.
SELECT coalesce(
    (SELECT pg_has_role(session_user, oid, 'MEMBER') FROM pg_roles WHERE rolname = $1::text), false
) AS member;

-- name: rights-of-login
-- Tell whether the login is above row-level security, and how many tables it and role $1 own.
SELECT
    login.rolsuper OR login.rolbypassrls AS unbound,
    (
        SELECT count(*) FROM pg_class
        WHERE relowner = login.oid AND relnamespace = 'public'::regnamespace AND relkind = 'r'
    ) AS login_owns,
    (
        SELECT count(*) FROM pg_class JOIN pg_roles AS role ON role.oid = relowner
        WHERE role.rolname = $1::text AND relkind = 'r'
    ) AS role_owns
FROM pg_roles AS login WHERE login.rolname = session_user;

-- name: takes-writes
-- Tell whether the server can be written to: a standby cannot, nor one that is set to read only.
SELECT NOT pg_is_in_recovery() AND NOT current_setting('transaction_read_only')::boolean AS writes;

-- name: time-of-day
-- Return the server's time of day: a sign of life, and a clock to compare with.
SELECT clock_timestamp() AS now;

-- name: set-tenant
-- Let this transaction see and write the rows of tenant $1 alone; of none where it is empty.
SELECT set_config('countersign.tenant', $1::text, true);

-- name: list-tenants
-- Return the names of all tenants in order.
SELECT tenant_names AS tenant FROM tenant_names();
