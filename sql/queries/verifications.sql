-- name: open-verification
-- Note that a verification began, and return how sure its tenant wants to be, of what it has said.
--
-- Nothing changes where it is known already.
WITH owner AS (INSERT INTO tenants (tenant) VALUES ($3::text) ON CONFLICT DO NOTHING),
opened AS (
    INSERT INTO verifications (id, call, tenant, worker, started_at, mode)
    VALUES ($1::uuid, $2::text, $3::text, $4::text, $5::timestamptz, $6::text)
    ON CONFLICT (id) DO NOTHING
)
SELECT tenant, purpose, target_fmr, stamp FROM operating_points WHERE tenant = $3::text;

-- name: close-verification
-- Write a verdict, its attempts and its audit entry, once; no row where a verdict stood already.
--
-- One statement, so one transaction and one round trip. A profile erased since the call is left
-- out, and the account with it, and so it is where $32 says that an item of a batch, of the same id,
-- ordered it, and the item is gone: it was forgotten with its person. Of one that is no longer
-- enrolled, whose voice is forgotten, nothing is remembered or counted. $31 is whether it counts as
-- a miss; false: it ends the count, and no row stays of who was accepted. The lock on the profile keeps an erasure from slipping in between, and
-- two closings of one profile from counting past each other. It is taken before the lock on the
-- audit trail, here as everywhere.
WITH owner AS (INSERT INTO tenants (tenant) VALUES ($3::text) ON CONFLICT DO NOTHING),
compared AS (
    SELECT id, state FROM profiles WHERE tenant = $3::text AND id = $8::uuid FOR NO KEY UPDATE
),
ordered AS (
    -- After the profile, as whoever erases the person: the other way round they would deadlock.
    SELECT i.id FROM (SELECT count(*) AS profiles FROM compared) AS held
    JOIN batch_items AS i ON held.profiles >= 0
    WHERE $32::boolean AND i.tenant = $3::text AND i.id = $1::uuid FOR KEY SHARE OF i
),
closed AS (
    INSERT INTO verifications AS v (
        id, call, tenant, worker, started_at, claim_account, claim_source, profile,
        verdict, reason, llr, confidence, model, ended_at, explanation, mode, threshold, findings,
        stamp
    )
    VALUES (
        $1::uuid, $2::text, $3::text, $4::text, $5::timestamptz,
        CASE WHEN ($8::uuid IS NULL OR EXISTS (SELECT FROM compared))
            AND (NOT $32::boolean OR EXISTS (SELECT FROM ordered)) THEN $6::text END,
        $7::text, (SELECT id FROM compared),
        $9::text, $10::text, $11::double precision, $12::smallint, $13::text, $14::timestamptz,
        $15::text, $28::text, $29::double precision, $30::text[], $33::bytea
    )
    ON CONFLICT (id) DO UPDATE
    SET claim_account = EXCLUDED.claim_account, claim_source = EXCLUDED.claim_source,
        profile = EXCLUDED.profile, verdict = EXCLUDED.verdict, reason = EXCLUDED.reason,
        llr = EXCLUDED.llr, confidence = EXCLUDED.confidence, model = EXCLUDED.model,
        ended_at = EXCLUDED.ended_at, explanation = EXCLUDED.explanation,
        threshold = EXCLUDED.threshold, findings = EXCLUDED.findings, stamp = EXCLUDED.stamp
    WHERE v.verdict IS NULL
    RETURNING id, tenant, worker, profile, verdict, reason, ended_at
),
standing AS (
    SELECT closed.* FROM closed JOIN compared ON compared.id = closed.profile
    WHERE compared.state = 'enrolled'
),
tried AS (
    INSERT INTO attempts (
        tenant, verification, number, verdict, reason, llr, net_speech_s, snr_db, level_dbfs,
        clipped, phrase, replay, replay_shift_s
    )
    SELECT
        closed.tenant, closed.id, a.number, a.verdict, a.reason, a.llr,
        a.net_speech_s, a.snr_db, a.level_dbfs, a.clipped, a.phrase, a.replay, a.replay_shift_s
    FROM closed, unnest(
        $16::text[], $17::text[], $18::double precision[], $19::double precision[],
        $20::double precision[], $21::double precision[], $22::double precision[], $23::text[],
        $24::double precision[], $25::double precision[]
    ) WITH ORDINALITY AS a (
        verdict, reason, llr, net_speech_s, snr_db, level_dbfs, clipped, phrase, replay,
        replay_shift_s, number
    )
),
used AS (
    UPDATE profiles AS p SET used_at = closed.ended_at FROM closed
    WHERE p.tenant = closed.tenant AND p.id = closed.profile AND closed.verdict = 'ACCEPT'
    AND p.used_at < closed.ended_at - interval '1 hour'
),
counted AS (
    INSERT INTO lockouts AS l (profile, tenant, rejects, last_reject_at)
    SELECT profile, tenant, 1, ended_at FROM standing WHERE $31::boolean
    ON CONFLICT (profile) DO UPDATE
    SET rejects = l.rejects + 1,
        last_reject_at = greatest(l.last_reject_at, EXCLUDED.last_reject_at)
),
released AS (
    DELETE FROM lockouts
    WHERE profile = $8::uuid AND NOT $31::boolean AND EXISTS (SELECT FROM standing)
),
caller_counted AS (
    INSERT INTO caller_lockouts AS l (caller, tenant, rejects, last_reject_at)
    SELECT $27::bytea, tenant, 1, ended_at FROM closed
    WHERE $27::bytea IS NOT NULL AND $31::boolean
    ON CONFLICT (tenant, caller) DO UPDATE
    SET rejects = l.rejects + 1,
        last_reject_at = greatest(l.last_reject_at, EXCLUDED.last_reject_at)
),
caller_released AS (
    DELETE FROM caller_lockouts
    WHERE tenant = $3::text AND caller = $27::bytea AND NOT $31::boolean
    AND EXISTS (SELECT FROM closed)
),
remembered AS (
    INSERT INTO heard_fingerprints (verification, tenant, profile, fingerprints, heard_at)
    SELECT id, tenant, profile, $26::bytea[], ended_at
    FROM standing WHERE cardinality($26::bytea[]) > 0
),
outlived AS (
    -- Fifty accepted and fifty others, this one among them. Where the record is gone nobody knows
    -- which it was: it counts as accepted, so that no call that anybody can make drives it out.
    -- An array, so that no plan asks for it again at each row: a small table's plan did.
    DELETE FROM heard_fingerprints WHERE verification = ANY (ARRAY(
        SELECT h.verification FROM standing
        CROSS JOIN LATERAL (
            SELECT f.verification, k.accepted, row_number() OVER (
                PARTITION BY k.accepted ORDER BY f.heard_at DESC, f.verification DESC
            ) AS place
            FROM heard_fingerprints AS f
            LEFT JOIN verifications AS v ON v.id = f.verification
            CROSS JOIN LATERAL (SELECT coalesce(v.verdict = 'ACCEPT', true) AS accepted) AS k
            WHERE f.profile = standing.profile
        ) AS h
        WHERE cardinality($26::bytea[]) > 0
        AND h.place > 50 - (h.accepted = (standing.verdict = 'ACCEPT'))::integer
    ))
)
INSERT INTO audit (tenant, who, what, whom, about, why)
SELECT tenant, worker, 'verification_closed', profile, id, reason FROM closed
RETURNING about;

-- name: find-verdict
-- Return verification $1 if its verdict is written.
SELECT
    id, call, tenant, worker, started_at, claim_account, claim_source, profile,
    verdict, reason, llr, confidence, model, ended_at, explanation, mode, threshold, findings, stamp
FROM verifications WHERE id = $1::uuid AND verdict IS NOT NULL;

-- name: attempts-of-verification
-- Return the attempts of verification $1 in order.
SELECT
    verdict, reason, llr, net_speech_s, snr_db, level_dbfs, clipped, phrase, replay, replay_shift_s
FROM attempts WHERE verification = $1::uuid ORDER BY number;

-- name: unfinished-verifications
-- Return the verifications that worker $1 began and that have no verdict, oldest first.
SELECT id, call, tenant, worker, started_at FROM unfinished_verifications($1::text);

-- name: tenant-of-verification
-- Return whose call verification $1 was; NULL where there is none such.
SELECT tenant_of_verification($1::uuid) AS tenant;

-- name: find-caller
-- Return how often in a row caller $2 of tenant $1 was not matched.
SELECT rejects, last_reject_at FROM caller_lockouts
WHERE tenant = $1::text AND caller = $2::bytea;

-- name: release-caller
-- Begin to count the REJECTs of caller $2 of tenant $1 anew; no row where there were none.
DELETE FROM caller_lockouts WHERE tenant = $1::text AND caller = $2::bytea RETURNING caller;
