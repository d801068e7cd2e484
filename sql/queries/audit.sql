-- name: add-audit-entry
-- Note in the audit trail: of tenant $1, who $2 did what $3 to whom $4, about which call $5, why $6.
INSERT INTO audit (tenant, who, what, whom, about, why)
VALUES ($1::text, $2::text, $3::text, $4::uuid, $5::uuid, $6::text);

-- name: audit-entries
-- Return the audit trail of tenant $1 from after number $2, at most $3 entries.
SELECT number, at, tenant, who, what, whom, about, why, hash
FROM audit WHERE tenant = $1::text AND number > $2::bigint ORDER BY number LIMIT $3::bigint;

-- name: audit-end
-- Return the number of the last entry of tenant $1, and the end that is recorded beside the trail.
SELECT
    coalesce((SELECT max(number) FROM audit WHERE tenant = $1::text), 0) AS last,
    coalesce(max(entries), 0) AS entries,
    coalesce((SELECT hash FROM audit_heads WHERE tenant = $1::text), '') AS hash
FROM audit_heads WHERE tenant = $1::text;
