-- name: note-tenant
-- Make sure that tenant $1 exists.
INSERT INTO tenants (tenant) VALUES ($1::text) ON CONFLICT DO NOTHING;

-- name: lock-enrollment
-- Wait until nobody else writes enrollment $1; the lock ends with the transaction.
SELECT pg_advisory_xact_lock(hashtextextended('countersign.enrollment.' || $1::uuid, 0));

-- name: find-enrollment
-- Return how enrollment $1 ended, if it is stored.
SELECT result, reason FROM enrollments WHERE id = $1::uuid;

-- name: add-enrollment
-- Write an enrollment's end.
INSERT INTO enrollments (
    id, call, tenant, worker, account, profile, locale, passphrase, result, reason,
    started_at, ended_at
)
VALUES (
    $1::uuid, $2::text, $3::text, $4::text, $5::text, $6::uuid, $7::text, $8::text,
    $9::text, $10::text, $11::timestamptz, $12::timestamptz
);

-- name: add-consent
-- Write that profile $1 agreed in enrollment $2 to wording $3, given how $4 and when $5.
INSERT INTO consents (profile, enrollment, text_version, given, given_at)
VALUES ($1::uuid, $2::uuid, $3::text, $4::text, $5::timestamptz);

-- name: add-voiceprint
-- Write one voiceprint of profile $1 from enrollment $2: model, embedding and quality.
INSERT INTO voiceprints (
    profile, enrollment, model, embedding, net_speech_s, snr_db, level_dbfs, clipped
)
VALUES (
    $1::uuid, $2::uuid, $3::text, $4::bytea, $5::double precision, $6::double precision,
    $7::double precision, $8::double precision
);
