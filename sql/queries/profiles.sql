-- name: find-profile
-- Return the profile of tenant $1 and account $2, one row per voiceprint, or one row without any.
SELECT
    p.id, p.tenant, p.account, p.state, p.locale, p.passphrase,
    EXISTS (SELECT FROM consents AS c WHERE c.profile = p.id) AS consented,
    v.model, v.embedding, v.net_speech_s, v.snr_db, v.level_dbfs, v.clipped
FROM profiles AS p
LEFT JOIN voiceprints AS v ON v.profile = p.id
WHERE p.tenant = $1::text AND p.account = $2::text
ORDER BY v.id;

-- name: enroll-profile
-- Make the profile, or take over one that may be enrolled anew; no row where it may not be.
INSERT INTO profiles AS p (id, tenant, account, state, locale, passphrase)
VALUES ($1::uuid, $2::text, $3::text, 'enrolled', $4::text, $5::text)
ON CONFLICT (tenant, account) DO UPDATE
SET state = 'enrolled', locale = EXCLUDED.locale, passphrase = EXCLUDED.passphrase,
    changed_at = now()
WHERE p.state NOT IN ('enrolled', 'opted_out')
RETURNING id;

-- name: profile-state
-- Return the state of the profile of tenant $1 and account $2.
SELECT state FROM profiles WHERE tenant = $1::text AND account = $2::text;

-- name: forget-voice
-- Delete the voiceprints and consents of profile $1.
WITH forgotten AS (DELETE FROM voiceprints WHERE profile = $1::uuid)
DELETE FROM consents WHERE profile = $1::uuid;

-- name: list-profiles
-- Return what may be shown of the profiles of tenant $1 (NULL: of all), at most $2 of them.
SELECT
    p.id, p.tenant, p.account, p.state, p.locale, p.passphrase, p.created_at, p.changed_at,
    EXISTS (SELECT FROM consents AS c WHERE c.profile = p.id) AS consented,
    (SELECT count(*) FROM voiceprints AS v WHERE v.profile = p.id) AS voiceprints
FROM profiles AS p
WHERE $1::text IS NULL OR p.tenant = $1::text
ORDER BY p.tenant, p.account
LIMIT $2::bigint;

-- name: show-profile
-- Return what may be shown of the profile of tenant $1 and account $2.
SELECT
    p.id, p.tenant, p.account, p.state, p.locale, p.passphrase, p.created_at, p.changed_at,
    EXISTS (SELECT FROM consents AS c WHERE c.profile = p.id) AS consented,
    (SELECT count(*) FROM voiceprints AS v WHERE v.profile = p.id) AS voiceprints
FROM profiles AS p
WHERE p.tenant = $1::text AND p.account = $2::text;

-- name: consents-of-profile
-- Return the consents of profile $1 in the order in which they were given.
SELECT text_version, given, given_at FROM consents WHERE profile = $1::uuid ORDER BY id;

-- name: qualities-of-profile
-- Return model and quality of each voiceprint of profile $1, without the voice.
SELECT model, net_speech_s, snr_db, level_dbfs, clipped
FROM voiceprints WHERE profile = $1::uuid ORDER BY id;

-- name: reset-profile
-- Set the profile of tenant $1 and account $2 back to enrolling; no row where there is none.
UPDATE profiles SET state = 'enrolling', changed_at = now()
WHERE tenant = $1::text AND account = $2::text
RETURNING id;

-- name: erase-profile
-- Delete the profile of tenant $1 and account $2 and all that hangs on it; no row where there is none.
DELETE FROM profiles WHERE tenant = $1::text AND account = $2::text
RETURNING id;

-- name: forget-account
-- Take account $2 of tenant $1 out of the records of calls, which keep their outcome.
WITH called AS (
    UPDATE enrollments SET account = NULL WHERE tenant = $1::text AND account = $2::text
)
UPDATE verifications SET claim_account = NULL
WHERE tenant = $1::text AND claim_account = $2::text;

-- name: add-audit-entry
-- Note in the audit trail: of tenant $1, who $2 did what $3 to whom $4, about which call $5, why $6.
INSERT INTO audit (tenant, who, what, whom, about, why)
VALUES ($1::text, $2::text, $3::text, $4::uuid, $5::uuid, $6::text);
