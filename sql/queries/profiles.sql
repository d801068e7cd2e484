-- name: find-profile
-- Return the profile of tenant $1 and account $2 with all that a caller is compared with.
SELECT
    p.id, p.tenant, p.account, p.state, p.mode, p.locale, p.passphrase, p.tenant_key, p.data_key,
    (SELECT count(*) FROM consents AS c WHERE c.profile = p.id) > 0 AS consented,
    l.rejects, l.last_reject_at, v.*, r.*,
    ARRAY(
        SELECT f.fingerprint
        FROM heard_fingerprints AS h
        CROSS JOIN LATERAL unnest(h.fingerprints) WITH ORDINALITY AS f (fingerprint, number)
        WHERE h.profile = p.id
        ORDER BY h.heard_at, h.verification, f.number
    ) AS heard
FROM profiles AS p
LEFT JOIN lockouts AS l ON l.profile = p.id
CROSS JOIN LATERAL (
    SELECT
        array_agg(recording ORDER BY id) AS voiceprint_recordings,
        array_agg(model ORDER BY id) AS models,
        array_agg(embedding ORDER BY id) AS embeddings,
        array_agg(parts ORDER BY id) AS parts,
        array_agg(seal ORDER BY id) AS seals,
        array_agg(ARRAY[net_speech_s, snr_db, level_dbfs, clipped] ORDER BY id) AS qualities
    FROM voiceprints WHERE profile = p.id AND live
) AS v
CROSS JOIN LATERAL (
    SELECT
        array_agg(id ORDER BY number) AS recordings,
        array_agg(frames ORDER BY number) AS frames,
        array_agg(fingerprint ORDER BY number) AS fingerprints
    FROM recordings WHERE profile = p.id
) AS r
WHERE p.tenant = $1::text AND p.account = $2::text;

-- name: profiles-of-group
-- Return the enrolled profiles in group $2 of tenant $1 with their voiceprints, by account.
--
-- With them what the stamp of each membership binds.
SELECT
    g.name, g.profile, g.stamp,
    p.id, p.tenant, p.account, p.state, p.mode, p.locale, p.passphrase, p.tenant_key, p.data_key,
    (SELECT count(*) FROM consents AS c WHERE c.profile = p.id) > 0 AS consented,
    l.rejects, l.last_reject_at, v.*
FROM group_members AS g
JOIN profiles AS p ON p.tenant = g.tenant AND p.id = g.profile
LEFT JOIN lockouts AS l ON l.profile = p.id
CROSS JOIN LATERAL (
    SELECT
        array_agg(recording ORDER BY id) AS voiceprint_recordings,
        array_agg(model ORDER BY id) AS models,
        array_agg(embedding ORDER BY id) AS embeddings,
        array_agg(parts ORDER BY id) AS parts,
        array_agg(seal ORDER BY id) AS seals,
        array_agg(ARRAY[net_speech_s, snr_db, level_dbfs, clipped] ORDER BY id) AS qualities
    FROM voiceprints WHERE profile = p.id AND live
) AS v
WHERE g.tenant = $1::text AND g.name = $2::text AND p.state = 'enrolled'
ORDER BY p.account;

-- name: profiles-of-tenant
-- Return the enrolled profiles of tenant $1 with their voiceprints; none where they are more than $2.
SELECT
    p.id, p.tenant, p.account, p.state, p.mode, p.locale, p.passphrase, p.tenant_key, p.data_key,
    (SELECT count(*) FROM consents AS c WHERE c.profile = p.id) > 0 AS consented,
    l.rejects, l.last_reject_at, v.*
FROM profiles AS p
LEFT JOIN lockouts AS l ON l.profile = p.id
CROSS JOIN LATERAL (
    SELECT
        array_agg(recording ORDER BY id) AS voiceprint_recordings,
        array_agg(model ORDER BY id) AS models,
        array_agg(embedding ORDER BY id) AS embeddings,
        array_agg(parts ORDER BY id) AS parts,
        array_agg(seal ORDER BY id) AS seals,
        array_agg(ARRAY[net_speech_s, snr_db, level_dbfs, clipped] ORDER BY id) AS qualities
    FROM voiceprints WHERE profile = p.id AND live
) AS v
WHERE p.tenant = $1::text AND p.state = 'enrolled' AND $2::bigint >= (
    SELECT count(*) FROM (
        SELECT FROM profiles WHERE tenant = $1::text AND state = 'enrolled' LIMIT $2::bigint + 1
    ) AS counted
)
ORDER BY p.account;

-- name: enroll-profile
-- Make the profile, or take over one that may be enrolled anew; no row where it may not be.
INSERT INTO profiles AS p (
    id, tenant, account, state, mode, locale, passphrase, tenant_key, data_key
)
VALUES (
    $1::uuid, $2::text, $3::text, 'enrolling', $4::text, $5::text, $6::text, NULL, NULL
)
ON CONFLICT (tenant, account) DO UPDATE
SET state = 'enrolling', mode = EXCLUDED.mode, locale = EXCLUDED.locale,
    passphrase = EXCLUDED.passphrase, tenant_key = NULL, data_key = NULL,
    changed_at = now(), used_at = now()
WHERE p.state NOT IN ('enrolled', 'opted_out')
RETURNING id;

-- name: key-profile
-- Give profile $2 of tenant $1 its data key, wrapped by generation $3 as $4, and let it be used.
UPDATE profiles SET state = 'enrolled', tenant_key = $3::integer, data_key = $4::bytea
WHERE tenant = $1::text AND id = $2::uuid;

-- name: profile-state
-- Return the state of the profile of tenant $1 and account $2.
SELECT state FROM profiles WHERE tenant = $1::text AND account = $2::text;

-- name: forget-voice
-- Delete what is kept of the voice of profile $1, and its consents.
WITH forgotten AS (DELETE FROM voiceprints WHERE profile = $1::uuid),
unrecorded AS (DELETE FROM recordings WHERE profile = $1::uuid),
unheard AS (DELETE FROM heard_fingerprints WHERE profile = $1::uuid),
readable AS (DELETE FROM unreadable_profiles WHERE profile = $1::uuid),
unwarned AS (DELETE FROM enrollment_warnings WHERE profile = $1::uuid),
released AS (DELETE FROM lockouts WHERE profile = $1::uuid)
DELETE FROM consents WHERE profile = $1::uuid;

-- name: show-profile
-- Return what may be shown of the profile of tenant $1 and account $2.
SELECT
    p.id, p.tenant, p.account, p.state, p.mode, p.locale, p.passphrase, p.created_at,
    p.changed_at, p.used_at, l.rejects, l.last_reject_at,
    (SELECT count(*) FROM consents AS c WHERE c.profile = p.id) > 0 AS consented,
    (SELECT count(*) FROM voiceprints AS v WHERE v.profile = p.id AND v.live) AS voiceprints
FROM profiles AS p
LEFT JOIN lockouts AS l ON l.profile = p.id AND l.rejects > 0
WHERE p.tenant = $1::text AND p.account = $2::text;

-- name: consents-of-profile
-- Return the consents of profile $1 in the order in which they were given.
SELECT text_version, given, given_at FROM consents WHERE profile = $1::uuid ORDER BY id;

-- name: consent-of-account
-- Return the last consent of tenant $1's account $2; an opt-out or a reset has deleted it.
SELECT c.text_version, c.given, c.given_at
FROM profiles AS p JOIN consents AS c ON c.profile = p.id
WHERE p.tenant = $1::text AND p.account = $2::text
ORDER BY c.id DESC LIMIT 1;

-- name: qualities-of-profile
-- Return model and quality of each voiceprint of profile $1, without the voice.
SELECT model, net_speech_s, snr_db, level_dbfs, clipped
FROM voiceprints WHERE profile = $1::uuid AND live ORDER BY id;

-- name: reset-profile
-- Set the profile of tenant $1 and account $2 back to enrolling, its data key destroyed; no row where there is none.
--
-- What a program of the Azure-compatible API made has no passphrase again: its first recording
-- decides which it is.
UPDATE profiles AS p
SET state = 'enrolling', tenant_key = NULL, data_key = NULL, changed_at = now(), used_at = now(),
    passphrase = CASE
        WHEN EXISTS (SELECT FROM azure_profiles AS a WHERE a.profile = p.id) THEN ''
        ELSE p.passphrase
    END
WHERE tenant = $1::text AND account = $2::text
RETURNING id;

-- name: opt-out-profile
-- Block tenant $2's account $3 for good, its data key destroyed; a new row $1 where there was none.
--
-- Of the person the account stays, not the language. Where a program of the Azure-compatible API
-- gave that when it made the profile, no enrollment after a reset would give it again: it stays.
INSERT INTO profiles AS p (id, tenant, account, state, locale, passphrase)
VALUES ($1::uuid, $2::text, $3::text, 'opted_out', 'und', '')
ON CONFLICT (tenant, account) DO UPDATE
SET state = 'opted_out', passphrase = '', tenant_key = NULL, data_key = NULL, changed_at = now(),
    locale = CASE
        WHEN EXISTS (SELECT FROM azure_profiles AS a WHERE a.profile = p.id) THEN p.locale
        ELSE 'und'
    END
RETURNING id;

-- name: hold-profile
-- Lock the profile of tenant $1 and account $2 for this transaction, and return its id.
SELECT id FROM profiles WHERE tenant = $1::text AND account = $2::text FOR NO KEY UPDATE;

-- name: release-lockout
-- Begin to count the REJECTs of profile $1 anew.
DELETE FROM lockouts WHERE profile = $1::uuid;

-- name: erase-profile
-- Delete the profile of tenant $1 and account $2 and all that hangs on it; no row where there is none.
DELETE FROM profiles WHERE tenant = $1::text AND account = $2::text
RETURNING id;

-- name: forget-account
-- Take account $2 of tenant $1 out of the records of calls, which keep their outcome.
WITH called AS (
    UPDATE enrollments SET account = NULL WHERE tenant = $1::text AND account = $2::text
),
answered AS (DELETE FROM api_answers WHERE tenant = $1::text AND account = $2::text)
UPDATE verifications SET claim_account = NULL
WHERE tenant = $1::text AND claim_account = $2::text;
