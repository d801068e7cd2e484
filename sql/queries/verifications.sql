-- name: open-verification
-- Note that a verification began; nothing changes where it is known already.
WITH owner AS (INSERT INTO tenants (tenant) VALUES ($3::text) ON CONFLICT DO NOTHING)
INSERT INTO verifications (id, call, tenant, worker, started_at)
VALUES ($1::uuid, $2::text, $3::text, $4::text, $5::timestamptz)
ON CONFLICT (id) DO NOTHING;

-- name: close-verification
-- Write a verdict, its attempts and its audit entry, once; no row where a verdict stood already.
--
-- One statement, so one transaction and one round trip. A profile erased since the call is left
-- out, and the account with it; the lock on the profile keeps an erasure from slipping in between.
WITH owner AS (INSERT INTO tenants (tenant) VALUES ($3::text) ON CONFLICT DO NOTHING),
compared AS (
    SELECT id FROM profiles WHERE tenant = $3::text AND id = $8::uuid FOR KEY SHARE
),
closed AS (
    INSERT INTO verifications AS v (
        id, call, tenant, worker, started_at, claim_account, claim_source, profile,
        verdict, reason, llr, confidence, model, ended_at
    )
    VALUES (
        $1::uuid, $2::text, $3::text, $4::text, $5::timestamptz,
        CASE WHEN $8::uuid IS NULL OR EXISTS (SELECT FROM compared) THEN $6::text END,
        $7::text, (SELECT id FROM compared),
        $9::text, $10::text, $11::double precision, $12::smallint, $13::text, $14::timestamptz
    )
    ON CONFLICT (id) DO UPDATE
    SET claim_account = EXCLUDED.claim_account, claim_source = EXCLUDED.claim_source,
        profile = EXCLUDED.profile, verdict = EXCLUDED.verdict, reason = EXCLUDED.reason,
        llr = EXCLUDED.llr, confidence = EXCLUDED.confidence, model = EXCLUDED.model,
        ended_at = EXCLUDED.ended_at
    WHERE v.verdict IS NULL
    RETURNING id, tenant, worker, profile, reason
),
tried AS (
    INSERT INTO attempts (
        verification, number, verdict, reason, llr, net_speech_s, snr_db, level_dbfs, clipped
    )
    SELECT
        closed.id, a.number, a.verdict, a.reason, a.llr,
        a.net_speech_s, a.snr_db, a.level_dbfs, a.clipped
    FROM closed, unnest(
        $15::text[], $16::text[], $17::double precision[], $18::double precision[],
        $19::double precision[], $20::double precision[], $21::double precision[]
    ) WITH ORDINALITY AS a (
        verdict, reason, llr, net_speech_s, snr_db, level_dbfs, clipped, number
    )
)
INSERT INTO audit (tenant, who, what, whom, about, why)
SELECT tenant, worker, 'verification_closed', profile, id, reason FROM closed
RETURNING about;

-- name: find-verdict
-- Return verification $1 if its verdict is written.
SELECT
    id, call, tenant, worker, started_at, claim_account, claim_source, profile,
    verdict, reason, llr, confidence, model, ended_at
FROM verifications WHERE id = $1::uuid AND verdict IS NOT NULL;

-- name: attempts-of-verification
-- Return the attempts of verification $1 in order.
SELECT verdict, reason, llr, net_speech_s, snr_db, level_dbfs, clipped
FROM attempts WHERE verification = $1::uuid ORDER BY number;

-- name: unfinished-verifications
-- Return the verifications that worker $1 began and that have no verdict, oldest first.
SELECT id, call, tenant, worker, started_at
FROM verifications WHERE worker = $1::text AND verdict IS NULL ORDER BY started_at, id;
