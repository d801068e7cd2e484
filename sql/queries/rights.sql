-- name: held-profile
-- Return all of the profile of tenant $1 and account $2 that is the person's, and its key.
SELECT
    id, tenant, account, state, mode, locale, passphrase, created_at, changed_at, used_at,
    tenant_key, data_key
FROM profiles WHERE tenant = $1::text AND account = $2::text;

-- name: held-consents
-- Return the consents of profile $2 of tenant $1.
SELECT text_version, given, given_at, enrollment
FROM consents WHERE tenant = $1::text AND profile = $2::uuid ORDER BY id;

-- name: held-recordings
-- Return what is kept of each recording of profile $2 of tenant $1, but for the audio.
SELECT
    id, enrollment, number, octet_length(frames) AS frames_octets,
    octet_length(fingerprint) AS fingerprint_octets, created_at
FROM recordings WHERE tenant = $1::text AND profile = $2::uuid ORDER BY number;

-- name: held-audio
-- Return the sealed audio of profile $2 of tenant $1.
SELECT id, audio FROM recordings WHERE tenant = $1::text AND profile = $2::uuid ORDER BY number;

-- name: held-voiceprints
-- Return the voiceprints of profile $2 of tenant $1.
SELECT recording, model, embedding, parts, net_speech_s, snr_db, level_dbfs, clipped, created_at
FROM voiceprints WHERE tenant = $1::text AND profile = $2::uuid ORDER BY id;

-- name: held-enrollments
-- Return the enrollment calls of tenant $1 that made profile $2 or that account $3 was claimed in.
SELECT id, call, account, locale, passphrase, mode, result, reason, started_at, ended_at
FROM enrollments WHERE tenant = $1::text AND (profile = $2::uuid OR account = $3::text)
ORDER BY started_at, id;

-- name: held-verifications
-- Return the verification calls of tenant $1 that were compared with profile $2 or claimed account $3.
SELECT
    id, call, started_at, claim_account, claim_source, verdict, reason, llr, confidence, model,
    ended_at, explanation, mode, threshold, findings
FROM verifications WHERE tenant = $1::text AND (profile = $2::uuid OR claim_account = $3::text)
ORDER BY started_at, id;

-- name: held-attempts
-- Return the attempts in those calls.
SELECT
    a.verification, a.number, a.verdict, a.reason, a.llr, a.net_speech_s, a.snr_db,
    a.level_dbfs, a.clipped, a.phrase, a.replay, a.replay_shift_s
FROM verifications AS v JOIN attempts AS a ON a.verification = v.id
WHERE v.tenant = $1::text AND (v.profile = $2::uuid OR v.claim_account = $3::text)
ORDER BY v.started_at, v.id, a.number;

-- name: held-fingerprints
-- Return of which verifications fingerprints are kept with profile $2 of tenant $1.
SELECT verification, cardinality(fingerprints) AS fingerprints, heard_at
FROM heard_fingerprints WHERE tenant = $1::text AND profile = $2::uuid
ORDER BY heard_at, verification;

-- name: held-feedback
-- Return what agents found out about who called, in those calls.
SELECT f.verification, f.same_person, f.said_at
FROM verifications AS v JOIN desk_feedback AS f ON f.verification = v.id
WHERE v.tenant = $1::text AND (v.profile = $2::uuid OR v.claim_account = $3::text)
ORDER BY f.said_at;

-- name: held-desk-calls
-- Return the calls on the desk of tenant $1 that are compared with profile $2 or claim account $3.
SELECT verification, call, agents, claim_account, profile, news::text AS news, began_at
FROM desk_calls WHERE tenant = $1::text AND (profile = $2::uuid OR claim_account = $3::text)
ORDER BY began_at, number;

-- name: held-warnings
-- Return the warnings about enrollments of profile $2 of tenant $1.
SELECT enrollment, warning, noted_at, settled_at
FROM enrollment_warnings WHERE tenant = $1::text AND profile = $2::uuid
ORDER BY noted_at, warning;

-- name: held-groups
-- Return the groups that profile $2 of tenant $1 is a member of.
SELECT name FROM group_members WHERE tenant = $1::text AND profile = $2::uuid ORDER BY name;

-- name: held-answers
-- Return the answers about account $2 of tenant $1 that are kept in case a program asks again.
SELECT status, convert_from(body, 'UTF8') AS body, created_at
FROM api_answers WHERE tenant = $1::text AND account = $2::text AND status IS NOT NULL
ORDER BY created_at;

-- name: held-batches
-- Return what batches of recordings in files say of account $2 of tenant $1.
SELECT
    b.kind, b.ordered_by, b.ordered_at, i.id, i.files, i.remarks, i.text_version, i.consented_at,
    i.result, i.reason, i.ended_at
FROM batch_items AS i JOIN batches AS b ON b.id = i.batch
WHERE i.tenant = $1::text AND i.account = $2::text ORDER BY b.ordered_at, i.number;

-- name: held-audit
-- Return the audit entries about profile $2 of tenant $1.
SELECT at, who, what, about, why
FROM audit WHERE tenant = $1::text AND whom = $2::uuid ORDER BY number;

-- name: expire-unused
-- Let at most $3 profiles of tenant $1 expire at $4 that nobody used since $2, and return them.
UPDATE profiles SET state = 'expired', changed_at = $4::timestamptz WHERE id = ANY (ARRAY(
    SELECT id FROM profiles
    WHERE tenant = $1::text AND state IN ('enrolled', 'enrolling') AND used_at < $2::timestamptz
    ORDER BY used_at LIMIT $3::bigint FOR NO KEY UPDATE SKIP LOCKED
))
RETURNING id;

-- name: hold-expired
-- Lock at most $3 profiles of tenant $1 that expired before $2, and return them.
SELECT id, account FROM profiles
WHERE tenant = $1::text AND state = 'expired' AND changed_at < $2::timestamptz
ORDER BY changed_at LIMIT $3::bigint FOR UPDATE SKIP LOCKED;

-- name: forget-records
-- Delete at most $3 records of calls of tenant $1 that ended before $2, and count them.
--
-- An enrollment stays as long as the profile that it made: the consent rests on it.
WITH verified AS (
    DELETE FROM verifications WHERE id = ANY (ARRAY(
        SELECT id FROM verifications
        WHERE tenant = $1::text AND ended_at < $2::timestamptz
        ORDER BY ended_at LIMIT $3::bigint FOR UPDATE SKIP LOCKED
    ))
    RETURNING id
),
enrolled AS (
    DELETE FROM enrollments WHERE id = ANY (ARRAY(
        SELECT id FROM enrollments
        WHERE tenant = $1::text AND profile IS NULL AND ended_at < $2::timestamptz
        ORDER BY ended_at LIMIT $3::bigint FOR UPDATE SKIP LOCKED
    ))
    RETURNING id
),
callers AS (
    DELETE FROM caller_lockouts WHERE tenant = $1::text AND last_reject_at < $2::timestamptz
)
SELECT (SELECT count(*) FROM verified) + (SELECT count(*) FROM enrolled) AS forgotten;
