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
