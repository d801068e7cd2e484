-- name: stamped-operating-points
-- Return what the stamps of the rates of tenant $1 bind, and the stamps.
SELECT tenant, purpose, target_fmr, stamp FROM operating_points
WHERE tenant = $1::text ORDER BY purpose;

-- name: stamp-operating-point
-- Give the rate of tenant $1 for purpose $2 the stamp $3, unless it has not $4 now.
UPDATE operating_points SET stamp = $3::bytea
WHERE tenant = $1::text AND purpose = $2::text AND stamp IS NOT DISTINCT FROM $4::bytea;

-- name: stamped-group-members
-- Return what the stamps of the memberships of tenant $1 bind, the stamps, and the accounts.
SELECT g.tenant, g.name, g.profile, g.stamp, p.account
FROM group_members AS g JOIN profiles AS p ON p.tenant = g.tenant AND p.id = g.profile
WHERE g.tenant = $1::text ORDER BY g.name, p.account;

-- name: stamp-group-member
-- Give the membership of profile $3 in group $2 of tenant $1 the stamp $4, unless it has not $5 now.
UPDATE group_members SET stamp = $4::bytea
WHERE tenant = $1::text AND name = $2::text AND profile = $3::uuid
AND stamp IS NOT DISTINCT FROM $5::bytea;

-- name: drop-group-member
-- Take profile $3 of tenant $1 out of group $2.
DELETE FROM group_members
WHERE tenant = $1::text AND name = $2::text AND profile = $3::uuid;

-- name: stamped-desk-users
-- Return what the stamps of the users of tenant $1's desk bind, and the stamps.
SELECT tenant, name, password, role, agent, stamp FROM desk_users
WHERE tenant = $1::text ORDER BY name;

-- name: stamp-desk-user
-- Give user $2 of tenant $1's desk the stamp $3, unless it has not $4 now.
UPDATE desk_users SET stamp = $3::bytea
WHERE tenant = $1::text AND name = $2::text AND stamp IS NOT DISTINCT FROM $4::bytea;

-- name: stamped-api-keys
-- Return what the stamps of the API keys of tenant $1 bind that are not revoked, and the stamps.
SELECT tenant, id, name, hash, scopes, expires_at, stamp FROM api_keys
WHERE tenant = $1::text AND revoked_at IS NULL ORDER BY name, created_at, id;

-- name: stamp-api-key
-- Give API key $2 of tenant $1 the stamp $3, unless it is revoked or has not $4 now.
UPDATE api_keys SET stamp = $3::bytea
WHERE tenant = $1::text AND id = $2::uuid
AND revoked_at IS NULL AND stamp IS NOT DISTINCT FROM $4::bytea;
