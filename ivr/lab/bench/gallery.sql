-- Add so many persons as `profiles` says, made like the one whose account is `person`, with a consent,
-- recordings and two calls each. psql runs it as the superuser, again and again.
--
-- Sizes are the person's own, but for the sealed audio: no verification reads that. Ids are random,
-- as real ones are, so that every index is as wide and as scattered as it would be.

\connect countersign
SET session_replication_role = replica;
SET synchronous_commit = off;
SET maintenance_work_mem = '256MB';
BEGIN;
CREATE TEMPORARY TABLE one ON COMMIT DROP AS SELECT * FROM profiles WHERE account = :'person';
CREATE TEMPORARY TABLE many ON COMMIT DROP AS
SELECT gen_random_uuid() AS profile, gen_random_uuid() AS enrollment, gen_random_uuid()::text AS account
FROM generate_series(1, :profiles) AS n;
INSERT INTO profiles (id, tenant, account, state, mode, locale, passphrase, tenant_key, data_key)
SELECT m.profile, o.tenant, m.account, o.state, o.mode, o.locale, o.passphrase, o.tenant_key, o.data_key
FROM many AS m, one AS o;
INSERT INTO enrollments (
    id, call, tenant, worker, account, profile, locale, passphrase, mode, result, reason,
    started_at, ended_at
)
SELECT
    m.enrollment, e.call, e.tenant, e.worker, m.account, m.profile, e.locale, e.passphrase, e.mode,
    e.result, e.reason, e.started_at, e.ended_at
FROM many AS m, enrollments AS e WHERE e.profile = (SELECT id FROM one);
INSERT INTO consents (tenant, profile, enrollment, text_version, given, given_at)
SELECT c.tenant, m.profile, m.enrollment, c.text_version, c.given, c.given_at
FROM many AS m, consents AS c WHERE c.profile = (SELECT id FROM one);
CREATE TEMPORARY TABLE heard ON COMMIT DROP AS
SELECT m.profile, m.enrollment, gen_random_uuid() AS recording, r.id AS of, r.number
FROM many AS m, recordings AS r WHERE r.profile = (SELECT id FROM one);
INSERT INTO recordings (id, tenant, profile, enrollment, number, audio, frames, fingerprint)
SELECT h.recording, r.tenant, h.profile, h.enrollment, r.number, '', r.frames, r.fingerprint
FROM heard AS h JOIN recordings AS r ON r.id = h.of;
INSERT INTO voiceprints (
    tenant, profile, enrollment, recording, model, embedding, seal, net_speech_s, snr_db,
    level_dbfs, clipped, parts
)
SELECT
    v.tenant, h.profile, h.enrollment, h.recording, v.model, v.embedding, v.seal, v.net_speech_s,
    v.snr_db, v.level_dbfs, v.clipped, v.parts
FROM heard AS h JOIN voiceprints AS v ON v.recording = h.of;
CREATE TEMPORARY TABLE called ON COMMIT DROP AS
SELECT gen_random_uuid() AS verification, m.profile, m.account, o.tenant
FROM many AS m, one AS o, generate_series(1, 2);
INSERT INTO verifications (
    id, call, tenant, worker, started_at, claim_account, claim_source, profile, verdict, reason,
    llr, confidence, model, ended_at, explanation
)
SELECT
    verification, 'gallery', tenant, 'gallery', now(), account, 'dialplan', profile, 'ACCEPT',
    'MATCH', 5, 99, 'gallery', now(), 'The voice matches.'
FROM called;
INSERT INTO attempts (tenant, verification, number, verdict, reason, llr)
SELECT tenant, verification, 1, 'ACCEPT', 'MATCH', 5 FROM called;
INSERT INTO heard_fingerprints (verification, tenant, profile, fingerprints, heard_at)
SELECT DISTINCT ON (c.profile) c.verification, c.tenant, c.profile, ARRAY[r.fingerprint], now()
FROM called AS c, recordings AS r
WHERE r.number = 1 AND r.profile = (SELECT id FROM one);
-- The chain of these entries is not one; only its length and its end are needed here.
INSERT INTO audit (tenant, who, what, whom, about, why, number, hash)
SELECT
    c.tenant, 'gallery', 'verification_closed', c.profile, c.verification, 'MATCH',
    h.entries + row_number() OVER (), h.hash
FROM called AS c JOIN audit_heads AS h ON h.tenant = c.tenant;
UPDATE audit_heads SET entries = entries + (SELECT count(*) FROM called);
COMMIT;
