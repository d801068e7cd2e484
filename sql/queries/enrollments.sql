-- name: note-tenant
-- Make sure that tenant $1 exists.
INSERT INTO tenants (tenant) VALUES ($1::text) ON CONFLICT DO NOTHING;

-- name: lock-enrollment
-- Wait until nobody else writes enrollment $1; the lock ends with the transaction.
SELECT pg_advisory_xact_lock(hashtextextended('countersign.enrollment.' || $1::uuid, 0));

-- name: find-enrollment
-- Return how enrollment $1 ended, with its warnings, if it is stored.
SELECT
    id, call, tenant, worker, account, locale, passphrase, mode, result, reason,
    started_at, ended_at,
    ARRAY(
        SELECT w.warning::text FROM enrollment_warnings AS w
        WHERE w.enrollment = enrollments.id ORDER BY w.warning
    ) AS warnings
FROM enrollments WHERE id = $1::uuid;

-- name: add-enrollment
-- Write an enrollment's end.
INSERT INTO enrollments (
    id, call, tenant, worker, account, profile, locale, passphrase, mode, result, reason,
    started_at, ended_at
)
VALUES (
    $1::uuid, $2::text, $3::text, $4::text, $5::text, $6::uuid, $7::text, $8::text,
    $9::text, $10::text, $11::text, $12::timestamptz, $13::timestamptz
);

-- name: add-consent
-- Write that profile $2 of tenant $1 agreed in enrollment $3 to wording $4, given how $5 and when $6.
INSERT INTO consents (tenant, profile, enrollment, text_version, given, given_at)
VALUES ($1::text, $2::uuid, $3::uuid, $4::text, $5::text, $6::timestamptz);

-- name: add-recording
-- Write recording $4, number $5, of profile $2 of tenant $1 from enrollment $3: audio, frames, hashes.
INSERT INTO recordings (
    tenant, profile, enrollment, id, number, audio, frames, fingerprint
)
VALUES (
    $1::text, $2::uuid, $3::uuid, $4::uuid, $5::smallint, $6::bytea, $7::bytea, $8::bytea
);

-- name: add-voiceprint
-- Write the voiceprint of recording $4 of profile $2 of tenant $1 from enrollment $3, with its seal.
INSERT INTO voiceprints (
    tenant, profile, enrollment, recording, model, embedding, seal,
    net_speech_s, snr_db, level_dbfs, clipped, parts
)
VALUES (
    $1::text, $2::uuid, $3::uuid, $4::uuid, $5::text, $6::bytea, $7::bytea,
    $8::double precision, $9::double precision, $10::double precision, $11::double precision,
    $12::bytea
);

-- name: add-enrollment-warnings
-- Write the warnings $4 of enrollment $3 of profile $2 of tenant $1.
INSERT INTO enrollment_warnings (tenant, profile, enrollment, warning)
SELECT $1::text, $2::uuid, $3::uuid, unnest($4::text[]);

-- name: warnings-of-profile
-- Return the warnings of profile $1 that no administrator has settled, oldest first.
SELECT warning, noted_at FROM enrollment_warnings
WHERE profile = $1::uuid AND settled_at IS NULL ORDER BY noted_at, warning;

-- name: settle-warnings
-- Note that an administrator is done with the warnings of profile $1.
UPDATE enrollment_warnings SET settled_at = now() WHERE profile = $1::uuid AND settled_at IS NULL;
