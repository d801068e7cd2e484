-- name: make-azure-profile
-- Make the empty profile $2 of tenant $1: of kind $3, with mode $4 and locale $5.
WITH made AS (
    INSERT INTO profiles (id, tenant, account, state, mode, locale, passphrase)
    VALUES ($2::uuid, $1::text, $2::uuid::text, 'enrolling', $4::text, $5::text, '')
    ON CONFLICT DO NOTHING
    RETURNING id
)
INSERT INTO azure_profiles (tenant, profile, kind) SELECT $1::text, id, $3::text FROM made;

-- name: azure-profiles
-- Return at most $4 profiles of tenant $1 and kind $2 after id $3, by id; $5 is the voice model.
SELECT
    p.id, a.kind, a.version, a.updated_at, p.state, p.locale, p.passphrase, p.created_at,
    p.changed_at, r.*
FROM azure_profiles AS a
JOIN profiles AS p ON p.tenant = a.tenant AND p.id = a.profile
CROSS JOIN LATERAL (
    SELECT
        count(*) AS recordings, coalesce(sum(octet_length(r.audio)), 0) AS sealed_octets,
        coalesce(sum(v.net_speech_s), 0) AS speech_s, count(*) FILTER (WHERE v.current) AS current,
        max(v.created_at) FILTER (WHERE v.current) AS voiced_at
    FROM recordings AS r
    LEFT JOIN LATERAL (
        SELECT net_speech_s, created_at, live AND model = $5::text AS current
        FROM voiceprints WHERE recording = r.id ORDER BY model = $5::text DESC, id DESC LIMIT 1
    ) AS v ON true
    WHERE r.profile = p.id
) AS r
WHERE a.tenant = $1::text AND a.kind = $2::text AND a.profile > $3::uuid
ORDER BY a.profile
LIMIT $4::bigint;

-- name: find-azure-profile
-- Return profile $3 of tenant $1 and kind $2; $4 is the voice model.
SELECT
    p.id, a.kind, a.version, a.updated_at, p.state, p.locale, p.passphrase, p.created_at,
    p.changed_at, r.*
FROM azure_profiles AS a
JOIN profiles AS p ON p.tenant = a.tenant AND p.id = a.profile
CROSS JOIN LATERAL (
    SELECT
        count(*) AS recordings, coalesce(sum(octet_length(r.audio)), 0) AS sealed_octets,
        coalesce(sum(v.net_speech_s), 0) AS speech_s, count(*) FILTER (WHERE v.current) AS current,
        max(v.created_at) FILTER (WHERE v.current) AS voiced_at
    FROM recordings AS r
    LEFT JOIN LATERAL (
        SELECT net_speech_s, created_at, live AND model = $4::text AS current
        FROM voiceprints WHERE recording = r.id ORDER BY model = $4::text DESC, id DESC LIMIT 1
    ) AS v ON true
    WHERE r.profile = p.id
) AS r
WHERE a.tenant = $1::text AND a.kind = $2::text AND a.profile = $3::uuid;

-- name: azure-recordings
-- Return what a new recording of profile $2 of tenant $1 is compared with: of voice model $3.
SELECT
    r.id, octet_length(r.audio) AS sealed_octets, r.frames, r.fingerprint, v.model, v.embedding,
    v.parts, v.seal, v.net_speech_s, v.snr_db, v.level_dbfs, v.clipped, p.id AS profile,
    p.account, p.mode, p.passphrase, p.tenant_key, p.data_key
FROM recordings AS r
JOIN profiles AS p ON p.id = r.profile
JOIN voiceprints AS v ON v.recording = r.id AND v.model = $3::text AND v.live
WHERE p.tenant = $1::text AND r.profile = $2::uuid
ORDER BY r.number;

-- name: hold-azure-profile
-- Lock profile $2 of tenant $1 for this transaction, and return where it stands.
--
-- Both rows: of one that is not locked, whoever waited would see the version of before.
SELECT p.id, p.account, p.state, p.changed_at, p.tenant_key, p.data_key, a.version
FROM profiles AS p JOIN azure_profiles AS a ON a.profile = p.id
WHERE p.tenant = $1::text AND p.id = $2::uuid
FOR NO KEY UPDATE OF p, a;

-- name: recording-exists
-- Return recording $2 of tenant $1, if it is stored.
SELECT id FROM recordings WHERE tenant = $1::text AND id = $2::uuid;

-- name: drop-recordings
-- Delete the recordings $3 of profile $2 of tenant $1, with their voiceprints.
DELETE FROM recordings
WHERE tenant = $1::text AND profile = $2::uuid AND id = ANY ($3::uuid[]);

-- name: last-recording
-- Return the number of the last recording of profile $2 of tenant $1, and its enrollment.
SELECT number, enrollment FROM recordings
WHERE tenant = $1::text AND profile = $2::uuid ORDER BY number DESC LIMIT 1;

-- name: place-recordings
-- Let the recordings of profile $2 of tenant $1 that wait for an enrollment belong to $3.
WITH placed AS (
    UPDATE recordings SET enrollment = $3::uuid
    WHERE tenant = $1::text AND profile = $2::uuid AND enrollment IS NULL
)
UPDATE voiceprints SET enrollment = $3::uuid
WHERE tenant = $1::text AND profile = $2::uuid AND enrollment IS NULL;

-- name: hold-voice
-- Keep the passphrase $3 of profile $2 of tenant $1, and its data key, wrapped by generation $4 as $5.
UPDATE profiles SET passphrase = $3::text, tenant_key = $4::integer, data_key = $5::bytea,
    used_at = now()
WHERE tenant = $1::text AND id = $2::uuid;

-- name: touch-azure-profile
-- Count a change of profile $2 of tenant $1.
UPDATE azure_profiles SET version = version + 1, updated_at = now()
WHERE tenant = $1::text AND profile = $2::uuid;

-- name: empty-azure-profile
-- Set profile $2 of tenant $1 back to how it was made, its data key destroyed.
UPDATE profiles
SET state = 'enrolling', passphrase = '', tenant_key = NULL, data_key = NULL,
    changed_at = now(), used_at = now()
WHERE tenant = $1::text AND id = $2::uuid;

-- name: admit-profile
-- Let profile $2 of tenant $1, whose voice is complete, be used.
UPDATE profiles SET state = 'enrolled', changed_at = now()
WHERE tenant = $1::text AND id = $2::uuid;
