-- name: note-voice-model
-- Note that a worker has voice model $1, unless it was noted before.
INSERT INTO voice_models (model) VALUES ($1::text) ON CONFLICT DO NOTHING;

-- name: choose-voice-model
-- Let profiles be moved to voice model $1 from now on, whatever came after it.
INSERT INTO voice_models (model) VALUES ($1::text)
ON CONFLICT (model) DO UPDATE SET chosen_at = clock_timestamp();

-- name: newest-voice-model
-- Return the voice model that profiles are moved to.
SELECT model FROM voice_models ORDER BY chosen_at DESC LIMIT 1;

-- name: stale-profiles
-- Return at most $4 profiles of tenant $1 after $3, by id, that have voiceprints of another model than $2.
SELECT DISTINCT p.id
FROM voiceprints AS v
JOIN profiles AS p ON p.tenant = v.tenant AND p.id = v.profile AND p.state = 'enrolled'
WHERE v.tenant = $1::text AND v.live AND v.model <> $2::text AND v.profile > $3::uuid
ORDER BY p.id LIMIT $4::bigint;

-- name: profiles-by-model
-- Return how many enrolled profiles of tenant $1 are compared by each voice model.
SELECT v.model, count(DISTINCT p.id) AS profiles
FROM voiceprints AS v
JOIN profiles AS p ON p.tenant = v.tenant AND p.id = v.profile AND p.state = 'enrolled'
WHERE v.tenant = $1::text AND v.live
GROUP BY v.model ORDER BY v.model;

-- name: suspects-by-model
-- Return how many suspects of tenant $1 are compared by each voice model.
SELECT model, count(DISTINCT suspect) AS suspects
FROM suspect_voiceprints WHERE tenant = $1::text GROUP BY model ORDER BY model;

-- name: unreadable-profiles
-- Return which enrolled profiles of tenant $1 could not be moved to model $2, and why.
SELECT p.id, p.account, u.why
FROM unreadable_profiles AS u
JOIN profiles AS p ON p.tenant = u.tenant AND p.id = u.profile AND p.state = 'enrolled'
WHERE u.tenant = $1::text AND u.model = $2::text ORDER BY p.account;

-- name: note-unreadable
-- Note that enrolled profile $2 of tenant $1 cannot be moved to model $3, and why: $4.
INSERT INTO unreadable_profiles (profile, tenant, model, why)
SELECT id, tenant, $3::text, $4::text FROM profiles
WHERE tenant = $1::text AND id = $2::uuid AND state = 'enrolled'
ON CONFLICT (profile) DO UPDATE
SET model = EXCLUDED.model, why = EXCLUDED.why, noted_at = EXCLUDED.noted_at;

-- name: forget-unreadable
-- Forget that profile $2 of tenant $1 could not be moved: it was.
DELETE FROM unreadable_profiles WHERE tenant = $1::text AND profile = $2::uuid;

-- name: recordings-to-reextract
-- Return the next recording of profile $2 of tenant $1 without a voiceprint of model $3, with the profile's words and key.
SELECT
    p.tenant, p.account, p.mode, p.locale, p.passphrase, p.tenant_key, p.data_key,
    r.id AS recording, r.enrollment, r.audio,
    v.net_speech_s, v.snr_db, v.level_dbfs, v.clipped
FROM profiles AS p
JOIN recordings AS r ON r.profile = p.id
JOIN voiceprints AS v ON v.recording = r.id AND v.live
WHERE p.tenant = $1::text AND p.id = $2::uuid AND p.state = 'enrolled'
AND (
    SELECT n.id FROM voiceprints AS n WHERE n.recording = r.id AND n.model = $3::text
) IS NULL
ORDER BY r.number LIMIT 1;

-- name: hold-profile-by-id
-- Lock profile $2 of tenant $1 for this transaction, and return its key if it is enrolled.
SELECT account, tenant_key, data_key FROM profiles
WHERE tenant = $1::text AND id = $2::uuid AND state = 'enrolled' FOR NO KEY UPDATE;

-- name: add-voiceprint-beside
-- Write a voiceprint as `add-voiceprint` does, beside the one that callers are compared with.
INSERT INTO voiceprints (
    tenant, profile, enrollment, recording, model, embedding, seal,
    net_speech_s, snr_db, level_dbfs, clipped, parts, live
)
VALUES (
    $1::text, $2::uuid, $3::uuid, $4::uuid, $5::text, $6::bytea, $7::bytea,
    $8::double precision, $9::double precision, $10::double precision, $11::double precision,
    $12::bytea, false
)
ON CONFLICT (recording, model) DO NOTHING;

-- name: switch-voiceprints
-- Let profile $2 of tenant $1 be compared by model $3, if every recording has its voiceprint, and count the old.
WITH unfinished AS (
    SELECT r.id FROM recordings AS r
    LEFT JOIN voiceprints AS v ON v.recording = r.id AND v.model = $3::text
    WHERE r.profile = $2::uuid AND v.id IS NULL
),
gone AS (
    DELETE FROM voiceprints
    WHERE tenant = $1::text AND profile = $2::uuid AND model <> $3::text
    AND (SELECT count(*) FROM unfinished) = 0
    RETURNING id
),
shown AS (
    UPDATE voiceprints SET live = true
    WHERE tenant = $1::text AND profile = $2::uuid AND model = $3::text AND NOT live
    AND (SELECT count(*) FROM unfinished) = 0
    RETURNING id
)
SELECT (SELECT count(*) FROM gone) AS gone, (SELECT count(*) FROM shown) AS shown;

-- name: bring-turn-forward
-- Let turn $1 of the timetable come $2 seconds from now, unless it comes sooner.
UPDATE jobs.pgqueuer_schedules
SET next_run = least(next_run, now() + make_interval(secs => $2::double precision))
WHERE id = $1::integer;

-- name: forget-job-log
-- Delete at most $2 rows each of what pgqueuer noted and summed up of jobs before $1, and count them.
WITH noted AS (
    DELETE FROM jobs.pgqueuer_log WHERE id = ANY (ARRAY(
        SELECT id FROM jobs.pgqueuer_log
        WHERE created < $1::timestamptz ORDER BY created LIMIT $2::bigint FOR UPDATE SKIP LOCKED
    ))
    RETURNING id
),
summed AS (
    DELETE FROM jobs.pgqueuer_statistics WHERE id = ANY (ARRAY(
        SELECT id FROM jobs.pgqueuer_statistics
        WHERE created < $1::timestamptz LIMIT $2::bigint FOR UPDATE SKIP LOCKED
    ))
    RETURNING id
)
SELECT (SELECT count(*) FROM noted) + (SELECT count(*) FROM summed) AS forgotten;
