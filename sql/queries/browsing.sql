-- name: page-profiles
-- Return what may be shown of the profiles of tenant $1 after account $2, by account, at most $3.
SELECT
    p.id, p.tenant, p.account, p.state, p.mode, p.locale, p.passphrase, p.created_at,
    p.changed_at, p.used_at, l.rejects, l.last_reject_at,
    (SELECT count(*) FROM consents AS c WHERE c.profile = p.id) > 0 AS consented,
    (SELECT count(*) FROM voiceprints AS v WHERE v.profile = p.id AND v.live) AS voiceprints
FROM profiles AS p
LEFT JOIN lockouts AS l ON l.profile = p.id AND l.rejects > 0
WHERE p.tenant = $1::text AND p.account > $2::text
ORDER BY p.account
LIMIT $3::bigint;

-- name: page-groups
-- Return the groups of tenant $1 after name $2, by name, at most $3.
SELECT name FROM groups WHERE tenant = $1::text AND name > $2::text ORDER BY name LIMIT $3::bigint;

-- name: page-members
-- Return the accounts in group $2 of tenant $1 after profile $3, by profile, at most $4.
SELECT p.id, p.account
FROM group_members AS g JOIN profiles AS p ON p.tenant = g.tenant AND p.id = g.profile
WHERE g.tenant = $1::text AND g.name = $2::text AND g.profile > $3::uuid
ORDER BY g.profile
LIMIT $4::bigint;

-- name: page-suspects
-- Return the suspects of tenant $1 after id $2, by id, at most $3.
SELECT id, watchlist, created_at FROM suspects
WHERE tenant = $1::text AND id > $2::uuid ORDER BY id LIMIT $3::bigint;

-- name: page-verifications
-- Return the closed verifications of tenant $1 before $2 and, at that instant, id $3: at most $4.
SELECT
    id, started_at, ended_at, claim_account, profile, verdict, reason, llr, confidence, model,
    explanation, threshold
FROM verifications
WHERE tenant = $1::text AND ended_at <= $2::timestamptz
AND (ended_at < $2::timestamptz OR id < $3::uuid)
ORDER BY ended_at DESC, id DESC
LIMIT $4::bigint;

-- name: operating-points
-- Return how sure tenant $1 wants to be, of what it has said.
SELECT tenant, purpose, target_fmr, stamp FROM operating_points
WHERE tenant = $1::text ORDER BY purpose;

-- name: set-operating-point
-- Let tenant $1 want for purpose $2 the rate $3, with its stamp $4.
INSERT INTO operating_points (tenant, purpose, target_fmr, stamp)
VALUES ($1::text, $2::text, $3::double precision, $4::bytea)
ON CONFLICT (tenant, purpose) DO UPDATE
SET target_fmr = EXCLUDED.target_fmr, stamp = EXCLUDED.stamp, changed_at = now();

-- name: drop-operating-point
-- Let tenant $1 want for purpose $2 what the configuration says; no row where it did.
DELETE FROM operating_points WHERE tenant = $1::text AND purpose = $2::text RETURNING purpose;
