-- The schema as all migrations together leave it: to read, and for `psql -f` into an empty database.
-- A test compares it with the migrations' own result.

BEGIN;

-- 0001_first_tables

-- The first tables: who is enrolled, how every call ended, and what was done to whom.
--
-- The words of design.md are DOMAINs over text, not PostgreSQL enums: a word is spelt once and used
-- by several tables, its list can be changed inside a migration's transaction, and a word can be
-- taken out again, none of which ALTER TYPE ... ADD VALUE allows.

CREATE TABLE schema_versions (
    version integer PRIMARY KEY CHECK (version > 0),
    name text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE schema_versions IS 'The migrations that made this schema, one row each';
COMMENT ON COLUMN schema_versions.version IS 'Number of the migration, counted from 1';
COMMENT ON COLUMN schema_versions.name IS 'File name of the migration without its ending';
COMMENT ON COLUMN schema_versions.applied_at IS 'When it was applied here';

CREATE DOMAIN verdict AS text CHECK (VALUE IN ('ACCEPT', 'REJECT', 'INCONCLUSIVE'));
COMMENT ON DOMAIN verdict IS 'What the dialplan is told; what cannot be decided is INCONCLUSIVE';

CREATE DOMAIN verdict_reason AS text CHECK (VALUE IN (
    'MATCH', 'NO_MATCH', 'WRONG_PHRASE', 'NOT_ENOUGH_SPEECH', 'TOO_NOISY', 'NO_CLAIM',
    'NOT_ENROLLED', 'NO_CONSENT', 'OPTED_OUT', 'EXPIRED', 'LOCKED_OUT', 'SPOOF_SUSPECTED',
    'WATCHLISTED', 'CALLER_HUNG_UP', 'UNAVAILABLE'
));
COMMENT ON DOMAIN verdict_reason IS 'Why a verdict is what it is';

CREATE DOMAIN claim_source AS text CHECK (VALUE IN ('dialplan', 'caller_number', 'keyed'));
COMMENT ON DOMAIN claim_source IS 'Who made the claim';

CREATE DOMAIN profile_state AS text CHECK (
    VALUE IN ('enrolling', 'enrolled', 'expired', 'opted_out')
);
COMMENT ON DOMAIN profile_state IS 'What a profile can be used for';

CREATE DOMAIN consent_given AS text CHECK (VALUE IN ('key_press'));
COMMENT ON DOMAIN consent_given IS 'How consent was given';

CREATE DOMAIN enrollment_result AS text CHECK (VALUE IN ('ENROLLED', 'DECLINED', 'FAILED'));
COMMENT ON DOMAIN enrollment_result IS 'What the dialplan is told at the end of an enrollment call';

CREATE DOMAIN enrollment_reason AS text CHECK (VALUE IN (
    'COMPLETE', 'ALREADY_ENROLLED', 'INCONSISTENT', 'NO_CLAIM', 'NO_CONSENT', 'OPTED_OUT',
    'NOT_ENOUGH_SPEECH', 'TOO_NOISY', 'CALLER_HUNG_UP', 'UNAVAILABLE'
));
COMMENT ON DOMAIN enrollment_reason IS 'Why an enrollment ended as it did';

CREATE DOMAIN audit_event AS text CHECK (VALUE IN (
    'verification_closed', 'profile_enrolled', 'enrollment_ended', 'profile_reset',
    'profile_erased'
));
COMMENT ON DOMAIN audit_event IS 'What the audit trail can say was done';

CREATE TABLE tenants (
    tenant text PRIMARY KEY,
    created_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE tenants IS 'The organisations that own profiles; nothing crosses tenants';
COMMENT ON COLUMN tenants.tenant IS 'Name of the tenant, as the dialplan gives it';
COMMENT ON COLUMN tenants.created_at IS 'When a call first named it';

CREATE TABLE profiles (
    id uuid PRIMARY KEY,
    tenant text NOT NULL REFERENCES tenants,
    account text NOT NULL CHECK (char_length(account) BETWEEN 1 AND 128),
    state profile_state NOT NULL,
    locale text NOT NULL,
    passphrase text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    changed_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (tenant, account),
    UNIQUE (tenant, id)
);
COMMENT ON TABLE profiles IS 'Enrolled persons, one row each; erasing a row takes consents and voiceprints with it';
COMMENT ON COLUMN profiles.id IS 'The only name of a person that logs and the audit trail may carry';
COMMENT ON COLUMN profiles.tenant IS 'Whose customer the person is';
COMMENT ON COLUMN profiles.account IS 'The person''s account with the tenant, 1 to 128 characters';
COMMENT ON COLUMN profiles.state IS 'What the profile can be used for';
COMMENT ON COLUMN profiles.locale IS 'Language of the enrollment, BCP 47';
COMMENT ON COLUMN profiles.passphrase IS 'Id of the passphrase that the enrollment fixed';
COMMENT ON COLUMN profiles.created_at IS 'When the person was first enrolled';
COMMENT ON COLUMN profiles.changed_at IS 'When the state last changed';

CREATE TABLE enrollments (
    id uuid PRIMARY KEY,
    call text NOT NULL,
    tenant text NOT NULL REFERENCES tenants,
    worker text NOT NULL,
    account text,
    profile uuid,
    locale text NOT NULL,
    passphrase text NOT NULL,
    result enrollment_result NOT NULL,
    reason enrollment_reason NOT NULL,
    started_at timestamptz NOT NULL,
    ended_at timestamptz NOT NULL,
    FOREIGN KEY (tenant, profile) REFERENCES profiles (tenant, id) ON DELETE SET NULL (profile),
    CHECK ((result = 'ENROLLED') = (reason = 'COMPLETE')),
    CHECK (profile IS NULL OR result = 'ENROLLED')
);
CREATE INDEX enrollments_of_profile ON enrollments (tenant, profile);
CREATE INDEX enrollments_of_account ON enrollments (tenant, account);
COMMENT ON TABLE enrollments IS 'How every enrollment call ended, the failed ones too; no audio';
COMMENT ON COLUMN enrollments.id IS 'Made by the application when the call began';
COMMENT ON COLUMN enrollments.call IS 'Asterisk''s channel id';
COMMENT ON COLUMN enrollments.tenant IS 'Whose call it was';
COMMENT ON COLUMN enrollments.worker IS 'The ARI application that took the call';
COMMENT ON COLUMN enrollments.account IS 'The account claimed; NULL without a claim and once the person is erased';
COMMENT ON COLUMN enrollments.profile IS 'The profile it made; NULL where it made none and once the person is erased';
COMMENT ON COLUMN enrollments.locale IS 'Language of the call, BCP 47';
COMMENT ON COLUMN enrollments.passphrase IS 'Id of the passphrase asked for';
COMMENT ON COLUMN enrollments.result IS 'What the dialplan was told';
COMMENT ON COLUMN enrollments.reason IS 'Why';
COMMENT ON COLUMN enrollments.started_at IS 'When the call began, by the worker''s clock';
COMMENT ON COLUMN enrollments.ended_at IS 'When it ended, by the worker''s clock';

CREATE TABLE consents (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    profile uuid NOT NULL REFERENCES profiles ON DELETE CASCADE,
    enrollment uuid NOT NULL UNIQUE REFERENCES enrollments,
    text_version text NOT NULL,
    given consent_given NOT NULL,
    given_at timestamptz NOT NULL
);
CREATE INDEX consents_of_profile ON consents (profile);
COMMENT ON TABLE consents IS 'What each person agreed to, how and when';
COMMENT ON COLUMN consents.id IS 'In the order in which they were given';
COMMENT ON COLUMN consents.profile IS 'Who agreed';
COMMENT ON COLUMN consents.enrollment IS 'In which enrollment call';
COMMENT ON COLUMN consents.text_version IS 'Which wording was played, such as en-US/1';
COMMENT ON COLUMN consents.given IS 'How it was given';
COMMENT ON COLUMN consents.given_at IS 'When it was given, by the worker''s clock';

CREATE TABLE voiceprints (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    profile uuid NOT NULL REFERENCES profiles ON DELETE CASCADE,
    enrollment uuid NOT NULL REFERENCES enrollments,
    model text NOT NULL CHECK (model <> ''),
    embedding bytea NOT NULL CHECK (
        octet_length(embedding) > 0 AND octet_length(embedding) % 4 = 0
    ),
    net_speech_s double precision NOT NULL,
    snr_db double precision NOT NULL,
    level_dbfs double precision NOT NULL,
    clipped double precision NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX voiceprints_of_profile ON voiceprints (profile);
CREATE INDEX voiceprints_of_enrollment ON voiceprints (enrollment);
COMMENT ON TABLE voiceprints IS 'The stored references, one per enrollment recording';
COMMENT ON COLUMN voiceprints.id IS 'In the order of the recordings';
COMMENT ON COLUMN voiceprints.profile IS 'Whose voice';
COMMENT ON COLUMN voiceprints.enrollment IS 'The enrollment call it comes from';
COMMENT ON COLUMN voiceprints.model IS 'Id of the voice model that made the embedding';
COMMENT ON COLUMN voiceprints.embedding IS 'Unit vector, float32 little-endian, 4 octets a dimension';
COMMENT ON COLUMN voiceprints.net_speech_s IS 'Seconds of speech in the recording';
COMMENT ON COLUMN voiceprints.snr_db IS 'Speech level over noise level, dB';
COMMENT ON COLUMN voiceprints.level_dbfs IS 'RMS of the speech against full scale, dB';
COMMENT ON COLUMN voiceprints.clipped IS 'Share of the speech samples at full scale, 0 to 1';
COMMENT ON COLUMN voiceprints.created_at IS 'When it was stored';

CREATE TABLE verifications (
    id uuid PRIMARY KEY,
    call text NOT NULL,
    tenant text NOT NULL REFERENCES tenants,
    worker text NOT NULL,
    started_at timestamptz NOT NULL,
    claim_account text,
    claim_source claim_source,
    profile uuid,
    verdict verdict,
    reason verdict_reason,
    llr double precision,
    confidence smallint CHECK (confidence BETWEEN 0 AND 100),
    model text,
    ended_at timestamptz,
    FOREIGN KEY (tenant, profile) REFERENCES profiles (tenant, id) ON DELETE SET NULL (profile),
    CONSTRAINT ended_means_verdict CHECK (
        num_nulls(verdict, reason, confidence, ended_at) IN (0, 4)
    ),
    CONSTRAINT accept_means_match CHECK (verdict <> 'ACCEPT' OR reason = 'MATCH'),
    CHECK (claim_account IS NULL OR claim_source IS NOT NULL)
);
CREATE INDEX verifications_unfinished ON verifications (worker) WHERE verdict IS NULL;
CREATE INDEX verifications_of_profile ON verifications (tenant, profile);
CREATE INDEX verifications_of_account ON verifications (tenant, claim_account);
COMMENT ON TABLE verifications IS 'Calls that were verified, one row and one verdict each; no audio, no embedding';
COMMENT ON COLUMN verifications.id IS 'Made by the application when the call began; COUNTERSIGN_ID in the dialplan';
COMMENT ON COLUMN verifications.call IS 'Asterisk''s channel id';
COMMENT ON COLUMN verifications.tenant IS 'Whose call it was';
COMMENT ON COLUMN verifications.worker IS 'The ARI application that took the call';
COMMENT ON COLUMN verifications.started_at IS 'When the call began, by the worker''s clock';
COMMENT ON COLUMN verifications.claim_account IS 'Whom the caller claimed to be; NULL without a claim and once the person is erased';
COMMENT ON COLUMN verifications.claim_source IS 'Who made the claim; NULL without one';
COMMENT ON COLUMN verifications.profile IS 'Whom the caller was compared with; NULL once the person is erased';
COMMENT ON COLUMN verifications.verdict IS 'What the dialplan was told; NULL until then';
COMMENT ON COLUMN verifications.reason IS 'Why';
COMMENT ON COLUMN verifications.llr IS 'Calibrated natural-log likelihood ratio; NULL without evidence';
COMMENT ON COLUMN verifications.confidence IS 'Posterior of the claim at even prior odds, percent';
COMMENT ON COLUMN verifications.model IS 'Id of the voice model that was used; NULL where none was';
COMMENT ON COLUMN verifications.ended_at IS 'When the verdict was reached, by the worker''s clock';

CREATE TABLE attempts (
    verification uuid NOT NULL REFERENCES verifications ON DELETE CASCADE,
    number smallint NOT NULL CHECK (number > 0),
    verdict verdict NOT NULL,
    reason verdict_reason NOT NULL,
    llr double precision,
    net_speech_s double precision,
    snr_db double precision,
    level_dbfs double precision,
    clipped double precision,
    PRIMARY KEY (verification, number),
    CONSTRAINT quality_whole_or_absent CHECK (
        num_nulls(net_speech_s, snr_db, level_dbfs, clipped) IN (0, 4)
    )
);
COMMENT ON TABLE attempts IS 'The tries inside a verification';
COMMENT ON COLUMN attempts.verification IS 'The call it belongs to';
COMMENT ON COLUMN attempts.number IS 'Counted from 1';
COMMENT ON COLUMN attempts.verdict IS 'What this try alone would have come to';
COMMENT ON COLUMN attempts.reason IS 'Why';
COMMENT ON COLUMN attempts.llr IS 'Natural-log likelihood ratio of this try; NULL where none was made';
COMMENT ON COLUMN attempts.net_speech_s IS 'Seconds of speech; the quality is NULL where nothing was heard';
COMMENT ON COLUMN attempts.snr_db IS 'Speech level over noise level, dB';
COMMENT ON COLUMN attempts.level_dbfs IS 'RMS of the speech against full scale, dB';
COMMENT ON COLUMN attempts.clipped IS 'Share of the speech samples at full scale, 0 to 1';

CREATE TABLE audit (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    tenant text NOT NULL,
    who text NOT NULL CHECK (who <> ''),
    what audit_event NOT NULL,
    whom uuid,
    about uuid,
    why text NOT NULL
);
CREATE INDEX audit_of_profile ON audit (whom);
COMMENT ON TABLE audit IS 'What was done to whom; rows are added and never changed or removed';
COMMENT ON COLUMN audit.id IS 'In the order in which the database numbered them';
COMMENT ON COLUMN audit.at IS 'When, by the database''s clock';
COMMENT ON COLUMN audit.tenant IS 'Whose customer; no foreign key, so that the trail outlives the tenant';
COMMENT ON COLUMN audit.who IS 'Who did it: a worker, or the operator''s login';
COMMENT ON COLUMN audit.what IS 'What was done';
COMMENT ON COLUMN audit.whom IS 'Id of the profile, which means nothing once that is erased; never an account or a name';
COMMENT ON COLUMN audit.about IS 'The verification or enrollment it was about, if any';
COMMENT ON COLUMN audit.why IS 'Reason word, or the operator''s reason';

CREATE FUNCTION refuse_change_of_audit() RETURNS trigger
LANGUAGE plpgsql AS $body$
BEGIN
    RAISE EXCEPTION 'the audit trail is append-only: % is not allowed', TG_OP
        USING ERRCODE = 'insufficient_privilege';
END
$body$;
COMMENT ON FUNCTION refuse_change_of_audit() IS 'Keeps the audit trail append-only';

CREATE TRIGGER audit_is_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_audit();
COMMENT ON TRIGGER audit_is_append_only ON audit IS 'Rows of the audit trail are never changed or removed';

-- 0002_tenant_columns

-- Every row says whose it is, so that the database itself can keep tenants apart (0009).

CREATE FUNCTION current_tenant() RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
RETURN nullif(current_setting('countersign.tenant', true), '');
COMMENT ON FUNCTION current_tenant() IS 'The tenant that this transaction works for; NULL where none was set';

ALTER TABLE tenants ADD CHECK (tenant <> '');

ALTER TABLE consents ADD COLUMN tenant text;
UPDATE consents SET tenant = p.tenant FROM profiles AS p WHERE p.id = profile;
ALTER TABLE consents
    ALTER COLUMN tenant SET NOT NULL,
    DROP CONSTRAINT consents_profile_fkey,
    ADD FOREIGN KEY (tenant, profile) REFERENCES profiles (tenant, id) ON DELETE CASCADE;
COMMENT ON COLUMN consents.tenant IS 'Whose customer the person is';

ALTER TABLE attempts ADD COLUMN tenant text;
UPDATE attempts SET tenant = v.tenant FROM verifications AS v WHERE v.id = verification;
ALTER TABLE attempts ALTER COLUMN tenant SET NOT NULL;
COMMENT ON COLUMN attempts.tenant IS 'Whose call it was';

-- 0003_sealed_recordings

-- Keys, sealed recordings and turned voiceprints.
--
-- A master key outside the database wraps each tenant's keys, a tenant's key wraps the data key of
-- each person, and that seals what is kept of the voice. Without its data key a person's audio is
-- noise, also in old backups.
--
-- Voices of before were not sealed and cannot be sealed afterwards: a seal says who wrote a row,
-- and nobody can say that now. Their owners are set back and enroll anew.

CREATE DOMAIN profile_mode AS text CHECK (VALUE IN ('text_dependent', 'text_independent'));
COMMENT ON DOMAIN profile_mode IS 'What a person was enrolled with, and is asked for';

CREATE DOMAIN enrollment_warning AS text CHECK (VALUE IN ('ENROLLED_ELSEWHERE', 'WATCHLISTED'));
COMMENT ON DOMAIN enrollment_warning IS 'What an administrator should look at although the enrollment succeeded';

ALTER DOMAIN enrollment_reason DROP CONSTRAINT enrollment_reason_check;
ALTER DOMAIN enrollment_reason ADD CHECK (VALUE IN (
    'COMPLETE', 'ALREADY_ENROLLED', 'INCONSISTENT', 'NO_CLAIM', 'NO_CONSENT', 'OPTED_OUT',
    'NOT_ENOUGH_SPEECH', 'TOO_NOISY', 'WRONG_PHRASE', 'DUPLICATE', 'CALLER_HUNG_UP', 'UNAVAILABLE'
));

ALTER DOMAIN consent_given DROP CONSTRAINT consent_given_check;
ALTER DOMAIN consent_given ADD CHECK (VALUE IN ('key_press', 'spoken', 'document'));

INSERT INTO audit (tenant, who, what, whom, why)
SELECT tenant, 'migration', 'profile_reset', id, 'the voice was not sealed'
FROM profiles WHERE state = 'enrolled' ORDER BY tenant, id;
DELETE FROM voiceprints;
DELETE FROM consents;
UPDATE profiles SET state = 'enrolling', changed_at = now() WHERE state = 'enrolled';

CREATE TABLE installation (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    master text NOT NULL CHECK (master <> ''),
    secret bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE installation IS 'The secret of this installation, one row: what is keyed and belongs to no person is derived from it';
COMMENT ON COLUMN installation.only_row IS 'Always true: there is one row';
COMMENT ON COLUMN installation.master IS 'Id of the master key that wraps the secret';
COMMENT ON COLUMN installation.secret IS '32 random octets, wrapped';
COMMENT ON COLUMN installation.created_at IS 'When it was made';

CREATE TABLE tenant_keys (
    tenant text NOT NULL REFERENCES tenants,
    generation integer NOT NULL CHECK (generation > 0),
    master text NOT NULL CHECK (master <> ''),
    wrapped bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant, generation)
);
COMMENT ON TABLE tenant_keys IS 'Each tenant''s keys, wrapped; the newest is used for what is written';
COMMENT ON COLUMN tenant_keys.tenant IS 'Whose key';
COMMENT ON COLUMN tenant_keys.generation IS 'Counted from 1';
COMMENT ON COLUMN tenant_keys.master IS 'Id of the master key that wraps it';
COMMENT ON COLUMN tenant_keys.wrapped IS '32 random octets, wrapped';
COMMENT ON COLUMN tenant_keys.created_at IS 'When it was made';

ALTER TABLE profiles
    ADD COLUMN mode profile_mode NOT NULL DEFAULT 'text_dependent',
    ADD COLUMN used_at timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN tenant_key integer,
    ADD COLUMN data_key bytea,
    ADD FOREIGN KEY (tenant, tenant_key) REFERENCES tenant_keys (tenant, generation),
    ADD CONSTRAINT key_whole_or_absent CHECK (num_nulls(tenant_key, data_key) IN (0, 2)),
    ADD CONSTRAINT enrolled_means_sealed CHECK (state <> 'enrolled' OR data_key IS NOT NULL);
CREATE INDEX profiles_of_tenant_key ON profiles (tenant, tenant_key, id);
CREATE INDEX profiles_by_use ON profiles (tenant, state, used_at);
CREATE INDEX profiles_expired ON profiles (tenant, changed_at) WHERE state = 'expired';
COMMENT ON COLUMN profiles.mode IS 'What the person was enrolled with, and is asked for';
COMMENT ON COLUMN profiles.used_at IS 'When the person was enrolled or last accepted, to the hour';
COMMENT ON COLUMN profiles.tenant_key IS 'Generation of the tenant''s key that wraps the data key and turns the voiceprints';
COMMENT ON COLUMN profiles.data_key IS '32 random octets, wrapped; NULL once destroyed: what it sealed is lost then';

CREATE TABLE recordings (
    id uuid PRIMARY KEY,
    tenant text NOT NULL,
    profile uuid NOT NULL,
    enrollment uuid NOT NULL REFERENCES enrollments,
    number smallint NOT NULL CHECK (number > 0),
    audio bytea NOT NULL,
    frames bytea NOT NULL,
    fingerprint bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    FOREIGN KEY (tenant, profile) REFERENCES profiles (tenant, id) ON DELETE CASCADE,
    UNIQUE (enrollment, number)
);
-- Sealed octets do not compress.
ALTER TABLE recordings ALTER COLUMN audio SET STORAGE EXTERNAL, ALTER COLUMN frames SET STORAGE EXTERNAL;
CREATE INDEX recordings_of_profile ON recordings (profile, number);
COMMENT ON TABLE recordings IS 'What is kept of each recording of an enrollment, sealed with the person''s data key';
COMMENT ON COLUMN recordings.id IS 'Made by the application; the seals hold it';
COMMENT ON COLUMN recordings.tenant IS 'Whose customer the person is';
COMMENT ON COLUMN recordings.profile IS 'Whose voice';
COMMENT ON COLUMN recordings.enrollment IS 'The enrollment call it comes from';
COMMENT ON COLUMN recordings.number IS 'In the order of speaking, counted from 1';
COMMENT ON COLUMN recordings.audio IS 'Sealed: int16 little-endian, 8 kHz; for re-extraction when the voice model changes';
COMMENT ON COLUMN recordings.frames IS 'Sealed: frames to compare the phrase with';
COMMENT ON COLUMN recordings.fingerprint IS 'Keyed hashes that know a repeat of this very recording';
COMMENT ON COLUMN recordings.created_at IS 'When it was stored';

ALTER TABLE voiceprints
    ADD COLUMN tenant text NOT NULL,
    ADD COLUMN recording uuid NOT NULL REFERENCES recordings ON DELETE CASCADE,
    ADD COLUMN seal bytea NOT NULL CHECK (octet_length(seal) = 32),
    DROP CONSTRAINT voiceprints_profile_fkey,
    ADD FOREIGN KEY (tenant, profile) REFERENCES profiles (tenant, id) ON DELETE CASCADE,
    ADD UNIQUE (recording, model);
COMMENT ON COLUMN voiceprints.tenant IS 'Whose customer the person is';
COMMENT ON COLUMN voiceprints.embedding IS 'Unit vector turned by the tenant''s secret matrix, float32 little-endian, 4 octets a dimension';
COMMENT ON COLUMN voiceprints.recording IS 'The recording it was made of';
COMMENT ON COLUMN voiceprints.seal IS 'HMAC-SHA-256 under the data key: binds vector and quality to the person and the recording';

CREATE TABLE heard_fingerprints (
    verification uuid PRIMARY KEY,
    tenant text NOT NULL,
    profile uuid NOT NULL,
    fingerprints bytea[] NOT NULL,
    heard_at timestamptz NOT NULL,
    FOREIGN KEY (tenant, profile) REFERENCES profiles (tenant, id) ON DELETE CASCADE
);
CREATE INDEX heard_fingerprints_of_profile ON heard_fingerprints (profile, heard_at, verification);
COMMENT ON TABLE heard_fingerprints IS 'Keyed hashes of what was said in a person''s last 50 verifications, to know a repeat by; no audio';
COMMENT ON COLUMN heard_fingerprints.verification IS 'In which call';
COMMENT ON COLUMN heard_fingerprints.tenant IS 'Whose customer the person is';
COMMENT ON COLUMN heard_fingerprints.profile IS 'Whom the caller claimed to be';
COMMENT ON COLUMN heard_fingerprints.fingerprints IS 'One for each attempt, in order';
COMMENT ON COLUMN heard_fingerprints.heard_at IS 'When the call ended';

ALTER TABLE enrollments ADD COLUMN mode profile_mode NOT NULL DEFAULT 'text_dependent';
COMMENT ON COLUMN enrollments.mode IS 'What the person was asked for';

CREATE TABLE enrollment_warnings (
    enrollment uuid NOT NULL REFERENCES enrollments ON DELETE CASCADE,
    warning enrollment_warning NOT NULL,
    tenant text NOT NULL,
    profile uuid NOT NULL,
    noted_at timestamptz NOT NULL DEFAULT now(),
    settled_at timestamptz,
    PRIMARY KEY (enrollment, warning),
    FOREIGN KEY (tenant, profile) REFERENCES profiles (tenant, id) ON DELETE CASCADE
);
CREATE INDEX enrollment_warnings_of_profile ON enrollment_warnings (profile);
CREATE INDEX enrollment_warnings_open ON enrollment_warnings (tenant, noted_at) WHERE settled_at IS NULL;
COMMENT ON TABLE enrollment_warnings IS 'Enrollments that an administrator should look at';
COMMENT ON COLUMN enrollment_warnings.enrollment IS 'Which one';
COMMENT ON COLUMN enrollment_warnings.warning IS 'What is odd about it';
COMMENT ON COLUMN enrollment_warnings.tenant IS 'Whose customer the person is';
COMMENT ON COLUMN enrollment_warnings.profile IS 'The profile it made';
COMMENT ON COLUMN enrollment_warnings.noted_at IS 'When it was stored';
COMMENT ON COLUMN enrollment_warnings.settled_at IS 'When an administrator was done with it; NULL until then';

ALTER TABLE consents ALTER COLUMN enrollment DROP NOT NULL;
COMMENT ON COLUMN consents.enrollment IS 'In which enrollment call; NULL for a document';

-- 0004_what_an_attempt_showed

-- What a verdict rests on besides the voice.

CREATE DOMAIN phrase_outcome AS text CHECK (VALUE IN ('right', 'wrong', 'unsure', 'unchecked'));
COMMENT ON DOMAIN phrase_outcome IS 'What was made of the words';

ALTER TABLE attempts
    ADD COLUMN phrase phrase_outcome NOT NULL DEFAULT 'unchecked',
    ADD COLUMN replay double precision CHECK (replay BETWEEN 0 AND 1);
COMMENT ON COLUMN attempts.phrase IS 'Whether the phrase that was asked for was said';
COMMENT ON COLUMN attempts.replay IS 'How like an earlier recording it was, 0 to 1; NULL where nothing was compared';

ALTER TABLE verifications ADD COLUMN explanation text NOT NULL DEFAULT '';
CREATE INDEX verifications_by_end ON verifications (tenant, ended_at);
COMMENT ON COLUMN verifications.explanation IS 'One sentence on what the verdict rests on, for an agent to read';
CREATE INDEX enrollments_without_profile ON enrollments (tenant, ended_at) WHERE profile IS NULL;

-- 0005_lockouts

-- REJECTs in a row, by profile and by caller. What follows on them is a setting of the application.

CREATE TABLE lockouts (
    profile uuid PRIMARY KEY,
    tenant text NOT NULL,
    rejects integer NOT NULL CHECK (rejects >= 0),
    last_reject_at timestamptz,
    FOREIGN KEY (tenant, profile) REFERENCES profiles (tenant, id) ON DELETE CASCADE,
    CHECK (rejects = 0 OR last_reject_at IS NOT NULL)
);
COMMENT ON TABLE lockouts IS 'How often in a row each profile was not matched; an ACCEPT begins anew';
COMMENT ON COLUMN lockouts.profile IS 'Whom the callers claimed to be';
COMMENT ON COLUMN lockouts.tenant IS 'Whose customer the person is';
COMMENT ON COLUMN lockouts.rejects IS 'REJECTs since the last ACCEPT';
COMMENT ON COLUMN lockouts.last_reject_at IS 'When the last of them was reached; NULL where there was none';

CREATE TABLE caller_lockouts (
    tenant text NOT NULL REFERENCES tenants,
    caller bytea NOT NULL CHECK (octet_length(caller) = 32),
    rejects integer NOT NULL CHECK (rejects >= 0),
    last_reject_at timestamptz,
    PRIMARY KEY (tenant, caller),
    CHECK (rejects = 0 OR last_reject_at IS NOT NULL)
);
CREATE INDEX caller_lockouts_by_age ON caller_lockouts (tenant, last_reject_at);
COMMENT ON TABLE caller_lockouts IS 'How often in a row callers of one number were not matched, whomever they claimed to be';
COMMENT ON COLUMN caller_lockouts.tenant IS 'Whose line was called';
COMMENT ON COLUMN caller_lockouts.caller IS 'Keyed hash of the caller''s number, never the number';
COMMENT ON COLUMN caller_lockouts.rejects IS 'REJECTs since the last ACCEPT';
COMMENT ON COLUMN caller_lockouts.last_reject_at IS 'When the last of them was reached; NULL where there was none';

-- 0006_groups_and_watchlists

-- Whom to look for: named groups of a tenant's profiles, and voices of known fraudsters.

CREATE TABLE groups (
    tenant text NOT NULL REFERENCES tenants,
    name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 128),
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant, name)
);
COMMENT ON TABLE groups IS 'Named groups of profiles to identify a caller in';
COMMENT ON COLUMN groups.tenant IS 'Whose group';
COMMENT ON COLUMN groups.name IS 'Its name with the tenant, 1 to 128 characters';
COMMENT ON COLUMN groups.created_at IS 'When it was made';

CREATE TABLE group_members (
    tenant text NOT NULL,
    name text NOT NULL,
    profile uuid NOT NULL,
    PRIMARY KEY (tenant, name, profile),
    FOREIGN KEY (tenant, name) REFERENCES groups ON DELETE CASCADE,
    FOREIGN KEY (tenant, profile) REFERENCES profiles (tenant, id) ON DELETE CASCADE
);
CREATE INDEX group_members_of_profile ON group_members (tenant, profile);
COMMENT ON TABLE group_members IS 'Who is in which group';
COMMENT ON COLUMN group_members.tenant IS 'Whose group';
COMMENT ON COLUMN group_members.name IS 'The group';
COMMENT ON COLUMN group_members.profile IS 'The member';

CREATE TABLE watchlists (
    tenant text NOT NULL REFERENCES tenants,
    name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 128),
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant, name)
);
COMMENT ON TABLE watchlists IS 'Lists of voices that a tenant watches for';
COMMENT ON COLUMN watchlists.tenant IS 'Whose list';
COMMENT ON COLUMN watchlists.name IS 'Its name with the tenant, 1 to 128 characters';
COMMENT ON COLUMN watchlists.created_at IS 'When it was made';

CREATE TABLE suspects (
    id uuid PRIMARY KEY,
    tenant text NOT NULL,
    watchlist text NOT NULL,
    tenant_key integer NOT NULL,
    data_key bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    FOREIGN KEY (tenant, watchlist) REFERENCES watchlists (tenant, name) ON DELETE CASCADE,
    FOREIGN KEY (tenant, tenant_key) REFERENCES tenant_keys (tenant, generation),
    UNIQUE (tenant, id)
);
CREATE INDEX suspects_of_watchlist ON suspects (tenant, watchlist);
CREATE INDEX suspects_of_tenant_key ON suspects (tenant, tenant_key, id);
COMMENT ON TABLE suspects IS 'The voices of a watchlist; who they are, this database does not know';
COMMENT ON COLUMN suspects.id IS 'The only name of a suspect here';
COMMENT ON COLUMN suspects.tenant IS 'Whose list';
COMMENT ON COLUMN suspects.watchlist IS 'The list';
COMMENT ON COLUMN suspects.tenant_key IS 'Generation of the tenant''s key that wraps the data key and turns the voiceprints';
COMMENT ON COLUMN suspects.data_key IS '32 random octets, wrapped';
COMMENT ON COLUMN suspects.created_at IS 'When it was added';

CREATE TABLE suspect_voiceprints (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant text NOT NULL,
    suspect uuid NOT NULL,
    model text NOT NULL CHECK (model <> ''),
    embedding bytea NOT NULL CHECK (
        octet_length(embedding) > 0 AND octet_length(embedding) % 4 = 0
    ),
    net_speech_s double precision NOT NULL,
    snr_db double precision NOT NULL,
    level_dbfs double precision NOT NULL,
    clipped double precision NOT NULL,
    seal bytea NOT NULL CHECK (octet_length(seal) = 32),
    FOREIGN KEY (tenant, suspect) REFERENCES suspects (tenant, id) ON DELETE CASCADE
);
CREATE INDEX suspect_voiceprints_of_suspect ON suspect_voiceprints (tenant, suspect);
COMMENT ON TABLE suspect_voiceprints IS 'The stored references of suspects';
COMMENT ON COLUMN suspect_voiceprints.id IS 'In the order in which they were added';
COMMENT ON COLUMN suspect_voiceprints.tenant IS 'Whose list';
COMMENT ON COLUMN suspect_voiceprints.suspect IS 'Whose voice';
COMMENT ON COLUMN suspect_voiceprints.model IS 'Id of the voice model that made the embedding';
COMMENT ON COLUMN suspect_voiceprints.embedding IS 'Unit vector turned by the tenant''s secret matrix, float32 little-endian, 4 octets a dimension';
COMMENT ON COLUMN suspect_voiceprints.net_speech_s IS 'Seconds of speech in the recording';
COMMENT ON COLUMN suspect_voiceprints.snr_db IS 'Speech level over noise level, dB';
COMMENT ON COLUMN suspect_voiceprints.level_dbfs IS 'RMS of the speech against full scale, dB';
COMMENT ON COLUMN suspect_voiceprints.clipped IS 'Share of the speech samples at full scale, 0 to 1';
COMMENT ON COLUMN suspect_voiceprints.seal IS 'HMAC-SHA-256 under the data key: binds vector and quality to the suspect';

-- 0007_operating_points_and_api_keys

-- How sure each tenant wants to be, and which programs may ask.

CREATE DOMAIN decision_purpose AS text CHECK (
    VALUE IN ('verification', 'identification', 'enrollment', 'watchlist')
);
COMMENT ON DOMAIN decision_purpose IS 'What a threshold is for';

CREATE TABLE operating_points (
    tenant text NOT NULL REFERENCES tenants,
    purpose decision_purpose NOT NULL,
    target_fmr double precision NOT NULL CHECK (target_fmr > 0 AND target_fmr < 1),
    changed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant, purpose)
);
COMMENT ON TABLE operating_points IS 'How sure a tenant wants to be; where there is no row, the configuration says';
COMMENT ON COLUMN operating_points.tenant IS 'Who';
COMMENT ON COLUMN operating_points.purpose IS 'Of what';
COMMENT ON COLUMN operating_points.target_fmr IS 'Share of impostors that one comparison may accept';
COMMENT ON COLUMN operating_points.changed_at IS 'When it was last set';

CREATE TABLE api_keys (
    id uuid PRIMARY KEY,
    tenant text NOT NULL REFERENCES tenants,
    name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 128),
    hash bytea NOT NULL UNIQUE CHECK (octet_length(hash) = 32),
    scopes text[] NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz,
    revoked_at timestamptz
);
CREATE INDEX api_keys_of_tenant ON api_keys (tenant, name);
COMMENT ON TABLE api_keys IS 'Keys of programs that may use the API; the keys themselves are not kept';
COMMENT ON COLUMN api_keys.id IS 'The only name of a key in logs and in the audit trail';
COMMENT ON COLUMN api_keys.tenant IS 'On whose behalf';
COMMENT ON COLUMN api_keys.name IS 'What the tenant calls it';
COMMENT ON COLUMN api_keys.hash IS 'SHA-256 of the key, which is 32 random octets and so needs no salt';
COMMENT ON COLUMN api_keys.scopes IS 'What it may do';
COMMENT ON COLUMN api_keys.created_at IS 'When it was made';
COMMENT ON COLUMN api_keys.expires_at IS 'From when it is no longer taken; NULL: never';
COMMENT ON COLUMN api_keys.revoked_at IS 'Since when it is no longer taken; NULL: it is';

-- 0008_audit_chain

-- The audit trail is a chain: each entry's hash covers the entry and the hash before it.
--
-- The database chains, by a trigger, since an entry is often one part of a larger statement; each
-- tenant has a chain of its own, and the row in audit_heads is its lock and its end. The hash is
-- over fields written as netstrings (length ':' field ','; '-,' for NULL), so that no two entries
-- are written alike; ivr/storage/audit_chain.py computes the same.

ALTER DOMAIN audit_event DROP CONSTRAINT audit_event_check;
ALTER DOMAIN audit_event ADD CHECK (VALUE IN (
    'verification_closed', 'profile_enrolled', 'enrollment_ended', 'profile_reset',
    'profile_erased', 'profile_opted_out', 'profile_expired', 'profile_exported',
    'profile_unlocked', 'caller_unlocked', 'records_expired', 'suspect_added', 'suspect_removed', 'group_changed',
    'keys_rotated'
));

CREATE TABLE audit_heads (
    tenant text PRIMARY KEY,
    entries bigint NOT NULL CHECK (entries >= 0),
    hash bytea NOT NULL
);
COMMENT ON TABLE audit_heads IS 'Where each tenant''s audit trail ends';
COMMENT ON COLUMN audit_heads.tenant IS 'Whose trail';
COMMENT ON COLUMN audit_heads.entries IS 'How many entries it has';
COMMENT ON COLUMN audit_heads.hash IS 'Hash of the last entry; empty where there is none';

CREATE FUNCTION audit_field(field text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN coalesce(octet_length(convert_to(field, 'UTF8')) || ':' || field, '-') || ',';
COMMENT ON FUNCTION audit_field(text) IS 'A field as a netstring, NULL as a dash';

CREATE FUNCTION audit_hash(
    before bytea, number bigint, at timestamptz, tenant text, who text, what text, whom uuid,
    about uuid, why text
) RETURNS bytea
LANGUAGE sql STABLE PARALLEL SAFE
RETURN sha256(before || convert_to(
    audit_field(number::text)
    || audit_field(to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'))
    || audit_field(tenant) || audit_field(who) || audit_field(what) || audit_field(whom::text)
    || audit_field(about::text) || audit_field(why),
    'UTF8'
));
COMMENT ON FUNCTION audit_hash(bytea, bigint, timestamptz, text, text, text, uuid, uuid, text)
    IS 'SHA-256 over the hash before and the fields of an entry';

ALTER TABLE audit ADD COLUMN number bigint, ADD COLUMN hash bytea;
COMMENT ON COLUMN audit.number IS 'Place in the tenant''s trail, counted from 1 without a gap';
COMMENT ON COLUMN audit.hash IS 'SHA-256 over the hash before and this entry';

ALTER TABLE audit DISABLE TRIGGER audit_is_append_only;
DO $body$
DECLARE
    entry audit%ROWTYPE;
    head audit_heads%ROWTYPE;
BEGIN
    FOR entry IN SELECT * FROM audit ORDER BY id LOOP
        INSERT INTO audit_heads VALUES (entry.tenant, 0, '') ON CONFLICT DO NOTHING;
        SELECT * INTO head FROM audit_heads WHERE tenant = entry.tenant;
        UPDATE audit SET number = head.entries + 1, hash = audit_hash(
            head.hash, head.entries + 1, entry.at, entry.tenant, entry.who, entry.what,
            entry.whom, entry.about, entry.why
        ) WHERE id = entry.id RETURNING number, hash INTO entry.number, entry.hash;
        UPDATE audit_heads SET entries = entry.number, hash = entry.hash
        WHERE tenant = entry.tenant;
    END LOOP;
END
$body$;
ALTER TABLE audit ENABLE TRIGGER audit_is_append_only;
ALTER TABLE audit
    ALTER COLUMN number SET NOT NULL,
    ALTER COLUMN hash SET NOT NULL,
    ADD UNIQUE (tenant, number);

CREATE FUNCTION chain_audit() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $body$
DECLARE
    head audit_heads%ROWTYPE;
BEGIN
    INSERT INTO audit_heads VALUES (NEW.tenant, 0, '') ON CONFLICT DO NOTHING;
    SELECT * INTO head FROM audit_heads WHERE tenant = NEW.tenant FOR UPDATE;
    NEW.at := clock_timestamp();
    NEW.number := head.entries + 1;
    NEW.hash := audit_hash(
        head.hash, NEW.number, NEW.at, NEW.tenant, NEW.who, NEW.what, NEW.whom, NEW.about, NEW.why
    );
    UPDATE audit_heads SET entries = NEW.number, hash = NEW.hash WHERE tenant = NEW.tenant;
    RETURN NEW;
END
$body$;
COMMENT ON FUNCTION chain_audit() IS 'Gives an entry its place, its time and its hash';

CREATE TRIGGER audit_is_chained
    BEFORE INSERT ON audit FOR EACH ROW EXECUTE FUNCTION chain_audit();
COMMENT ON TRIGGER audit_is_chained ON audit IS 'Each entry is bound to the one before';

-- 0009_row_level_security

-- The application's role owns nothing and sees, in each transaction, one tenant's rows.
--
-- Whoever connects takes on the role countersign_app. It is made here where the migrating login may
-- make roles; elsewhere a superuser makes it before (docs/install.md).

DO $body$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'countersign_app') THEN
        CREATE ROLE countersign_app NOLOGIN;
    END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
    -- Another database of this server made it at the same time.
    NULL;
END
$body$;
DO $body$
BEGIN
    IF NOT pg_has_role(current_user, 'countersign_app', 'MEMBER') THEN
        GRANT countersign_app TO CURRENT_USER;
    END IF;
END
$body$;

GRANT USAGE ON SCHEMA public TO countersign_app;
GRANT SELECT ON schema_versions TO countersign_app;
GRANT SELECT, INSERT, UPDATE ON installation TO countersign_app;
GRANT SELECT, INSERT ON tenants, audit TO countersign_app;
GRANT SELECT ON audit_heads TO countersign_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON
    tenant_keys, profiles, enrollments, consents, recordings, voiceprints, heard_fingerprints,
    enrollment_warnings, verifications, attempts, lockouts, caller_lockouts, groups, group_members,
    watchlists, suspects, suspect_voiceprints, operating_points, api_keys
TO countersign_app;

ALTER TABLE tenants ENABLE ROW LEVEL SECURITY;
CREATE POLICY by_tenant ON tenants USING (tenant = current_tenant());
ALTER TABLE tenant_keys ENABLE ROW LEVEL SECURITY;
CREATE POLICY by_tenant ON tenant_keys USING (tenant = current_tenant());
ALTER TABLE profiles ENABLE ROW LEVEL SECURITY;
CREATE POLICY by_tenant ON profiles USING (tenant = current_tenant());
ALTER TABLE enrollments ENABLE ROW LEVEL SECURITY;
CREATE POLICY by_tenant ON enrollments USING (tenant = current_tenant());
ALTER TABLE consents ENABLE ROW LEVEL SECURITY;
CREATE POLICY by_tenant ON consents USING (tenant = current_tenant());
ALTER TABLE recordings ENABLE ROW LEVEL SECURITY;
CREATE POLICY by_tenant ON recordings USING (tenant = current_tenant());
ALTER TABLE voiceprints ENABLE ROW LEVEL SECURITY;
CREATE POLICY by_tenant ON voiceprints USING (tenant = current_tenant());
ALTER TABLE heard_fingerprints ENABLE ROW LEVEL SECURITY;
CREATE POLICY by_tenant ON heard_fingerprints USING (tenant = current_tenant());
ALTER TABLE enrollment_warnings ENABLE ROW LEVEL SECURITY;
CREATE POLICY by_tenant ON enrollment_warnings USING (tenant = current_tenant());
ALTER TABLE verifications ENABLE ROW LEVEL SECURITY;
CREATE POLICY by_tenant ON verifications USING (tenant = current_tenant());
ALTER TABLE attempts ENABLE ROW LEVEL SECURITY;
CREATE POLICY by_tenant ON attempts USING (tenant = current_tenant());
ALTER TABLE lockouts ENABLE ROW LEVEL SECURITY;
CREATE POLICY by_tenant ON lockouts USING (tenant = current_tenant());
ALTER TABLE caller_lockouts ENABLE ROW LEVEL SECURITY;
CREATE POLICY by_tenant ON caller_lockouts USING (tenant = current_tenant());
ALTER TABLE groups ENABLE ROW LEVEL SECURITY;
CREATE POLICY by_tenant ON groups USING (tenant = current_tenant());
ALTER TABLE group_members ENABLE ROW LEVEL SECURITY;
CREATE POLICY by_tenant ON group_members USING (tenant = current_tenant());
ALTER TABLE watchlists ENABLE ROW LEVEL SECURITY;
CREATE POLICY by_tenant ON watchlists USING (tenant = current_tenant());
ALTER TABLE suspects ENABLE ROW LEVEL SECURITY;
CREATE POLICY by_tenant ON suspects USING (tenant = current_tenant());
ALTER TABLE suspect_voiceprints ENABLE ROW LEVEL SECURITY;
CREATE POLICY by_tenant ON suspect_voiceprints USING (tenant = current_tenant());
ALTER TABLE operating_points ENABLE ROW LEVEL SECURITY;
CREATE POLICY by_tenant ON operating_points USING (tenant = current_tenant());
ALTER TABLE api_keys ENABLE ROW LEVEL SECURITY;
CREATE POLICY by_tenant ON api_keys USING (tenant = current_tenant());
ALTER TABLE audit ENABLE ROW LEVEL SECURITY;
CREATE POLICY by_tenant ON audit USING (tenant = current_tenant());
ALTER TABLE audit_heads ENABLE ROW LEVEL SECURITY;
CREATE POLICY by_tenant ON audit_heads USING (tenant = current_tenant());

-- What a worker must find before it knows the tenant. These run as the tables' owner.

CREATE FUNCTION tenant_names() RETURNS SETOF text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
BEGIN ATOMIC
    SELECT tenant FROM tenants ORDER BY tenant;
END;
COMMENT ON FUNCTION tenant_names() IS 'The tenants there are, for what an operator does to all of them';

CREATE FUNCTION tenant_of_verification(verification uuid) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
BEGIN ATOMIC
    SELECT v.tenant FROM verifications AS v WHERE v.id = verification;
END;
COMMENT ON FUNCTION tenant_of_verification(uuid) IS 'Whose call it was, NULL where there is none such';

CREATE FUNCTION unfinished_verifications(of_worker text)
RETURNS TABLE (id uuid, call text, tenant text, worker text, started_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
BEGIN ATOMIC
    SELECT v.id, v.call, v.tenant, v.worker, v.started_at FROM verifications AS v
    WHERE v.worker = of_worker AND v.verdict IS NULL ORDER BY v.started_at, v.id;
END;
COMMENT ON FUNCTION unfinished_verifications(text) IS 'What a worker began and never closed, of all tenants';

REVOKE ALL ON FUNCTION tenant_names(), tenant_of_verification(uuid), unfinished_verifications(text)
    FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenant_names(), tenant_of_verification(uuid), unfinished_verifications(text)
    TO countersign_app;

-- 0010_desk

-- What agents' screens show: calls as they happen, who may look, and what they say of a verdict.
--
-- desk_calls has a row for each call that is watched; whatever changes takes the tenant's next
-- number. The row in desk_heads is the lock: numbers are committed in their order, so that whoever
-- asks for what came after a number misses nothing. The verdict itself stays in verifications.

CREATE TABLE desk_heads (
    tenant text PRIMARY KEY,
    number bigint NOT NULL
);
COMMENT ON TABLE desk_heads IS 'How far the numbering of each tenant''s desk_calls has come';
COMMENT ON COLUMN desk_heads.tenant IS 'Whose';
COMMENT ON COLUMN desk_heads.number IS 'The last number given out';

CREATE TABLE desk_calls (
    verification uuid PRIMARY KEY,
    tenant text NOT NULL REFERENCES tenants,
    number bigint NOT NULL,
    call text NOT NULL,
    worker text NOT NULL,
    agents text[] NOT NULL DEFAULT '{}',
    claim_account text,
    profile uuid,
    news jsonb NOT NULL DEFAULT '{}',
    began_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX desk_calls_by_number ON desk_calls (tenant, number);
CREATE INDEX desk_calls_by_call ON desk_calls (tenant, call);
CREATE INDEX desk_calls_by_account ON desk_calls (tenant, claim_account);
CREATE INDEX desk_calls_by_begin ON desk_calls (tenant, began_at);
COMMENT ON TABLE desk_calls IS 'Calls as the desk shows them; a row lives for hours';
COMMENT ON COLUMN desk_calls.verification IS 'The verification, which may not be open yet';
COMMENT ON COLUMN desk_calls.tenant IS 'Whose customer calls';
COMMENT ON COLUMN desk_calls.number IS 'Grows with every change, over all calls of the tenant';
COMMENT ON COLUMN desk_calls.call IS 'Asterisk''s channel id';
COMMENT ON COLUMN desk_calls.worker IS 'The ARI application that took the call';
COMMENT ON COLUMN desk_calls.agents IS 'To whom the call was offered, as the dialplan names them';
COMMENT ON COLUMN desk_calls.claim_account IS 'Whom the caller claims to be';
COMMENT ON COLUMN desk_calls.profile IS 'The profile that is compared with';
COMMENT ON COLUMN desk_calls.news IS 'What else was told, the newest of each key';
COMMENT ON COLUMN desk_calls.began_at IS 'When it was first told of';

CREATE TABLE desk_users (
    name text PRIMARY KEY CHECK (char_length(name) BETWEEN 1 AND 128),
    tenant text NOT NULL REFERENCES tenants,
    password text NOT NULL,
    role text NOT NULL CHECK (role IN ('agent', 'supervisor', 'administrator')),
    agent text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX desk_users_of_tenant ON desk_users (tenant, name);
COMMENT ON TABLE desk_users IS 'Who may sign in to the desk';
COMMENT ON COLUMN desk_users.name IS 'What they sign in with, the only one of this installation';
COMMENT ON COLUMN desk_users.tenant IS 'Whose calls they may see';
COMMENT ON COLUMN desk_users.password IS 'Salt and scrypt hash, with its costs';
COMMENT ON COLUMN desk_users.role IS 'agent: calls offered to them; supervisor: all calls and figures; administrator: users too';
COMMENT ON COLUMN desk_users.agent IS 'Their extension or queue member, as the dialplan names it; empty: none';
COMMENT ON COLUMN desk_users.created_at IS 'When they were added';

CREATE TABLE desk_sessions (
    token bytea PRIMARY KEY CHECK (octet_length(token) = 32),
    tenant text NOT NULL REFERENCES tenants,
    name text NOT NULL REFERENCES desk_users ON DELETE CASCADE,
    expires_at timestamptz NOT NULL
);
CREATE INDEX desk_sessions_of_user ON desk_sessions (name);
COMMENT ON TABLE desk_sessions IS 'Who is signed in';
COMMENT ON COLUMN desk_sessions.token IS 'SHA-256 of the cookie, which is 32 random octets';
COMMENT ON COLUMN desk_sessions.tenant IS 'Of the user';
COMMENT ON COLUMN desk_sessions.name IS 'The user';
COMMENT ON COLUMN desk_sessions.expires_at IS 'From when the cookie is no longer taken';

CREATE TABLE desk_feedback (
    verification uuid PRIMARY KEY,
    tenant text NOT NULL,
    same_person boolean NOT NULL,
    said_by text NOT NULL,
    said_at timestamptz NOT NULL DEFAULT now(),
    FOREIGN KEY (verification) REFERENCES verifications (id) ON DELETE CASCADE
);
CREATE INDEX desk_feedback_of_tenant ON desk_feedback (tenant, said_at);
COMMENT ON TABLE desk_feedback IS 'What agents found out about who really called, for the calibration';
COMMENT ON COLUMN desk_feedback.verification IS 'Of which call';
COMMENT ON COLUMN desk_feedback.tenant IS 'Whose';
COMMENT ON COLUMN desk_feedback.same_person IS 'Whether it was the person claimed';
COMMENT ON COLUMN desk_feedback.said_by IS 'The desk''s user who said so';
COMMENT ON COLUMN desk_feedback.said_at IS 'When';

GRANT SELECT, INSERT, UPDATE, DELETE ON
    desk_heads, desk_calls, desk_users, desk_sessions, desk_feedback
TO countersign_app;
ALTER TABLE desk_heads ENABLE ROW LEVEL SECURITY;
CREATE POLICY by_tenant ON desk_heads USING (tenant = current_tenant());
ALTER TABLE desk_calls ENABLE ROW LEVEL SECURITY;
CREATE POLICY by_tenant ON desk_calls USING (tenant = current_tenant());
ALTER TABLE desk_users ENABLE ROW LEVEL SECURITY;
CREATE POLICY by_tenant ON desk_users USING (tenant = current_tenant());
ALTER TABLE desk_sessions ENABLE ROW LEVEL SECURITY;
CREATE POLICY by_tenant ON desk_sessions USING (tenant = current_tenant());
ALTER TABLE desk_feedback ENABLE ROW LEVEL SECURITY;
CREATE POLICY by_tenant ON desk_feedback USING (tenant = current_tenant());

CREATE FUNCTION desk_next(of_tenant text) RETURNS bigint
LANGUAGE sql VOLATILE
BEGIN ATOMIC
    INSERT INTO desk_heads AS h (tenant, number) VALUES (of_tenant, 1)
    ON CONFLICT (tenant) DO UPDATE SET number = h.number + 1 RETURNING number;
END;
COMMENT ON FUNCTION desk_next(text) IS 'The next number of a tenant''s desk; locks it until the transaction ends';

CREATE FUNCTION desk_notify() RETURNS trigger
LANGUAGE plpgsql AS $body$
BEGIN
    PERFORM pg_notify('countersign_desk', NEW.number || ' ' || NEW.tenant);
    RETURN NULL;
END
$body$;
COMMENT ON FUNCTION desk_notify() IS 'Tells every desk that a call changed: number and tenant';

CREATE TRIGGER desk_calls_are_told
    AFTER INSERT OR UPDATE ON desk_calls FOR EACH ROW EXECUTE FUNCTION desk_notify();
COMMENT ON TRIGGER desk_calls_are_told ON desk_calls IS 'In the transaction of the change, delivered with its commit';

-- The number is taken before the row is looked for: whoever was writing the row holds it until then.
CREATE FUNCTION desk_verdict() RETURNS trigger
LANGUAGE plpgsql AS $body$
DECLARE
    next bigint := desk_next(NEW.tenant);
BEGIN
    UPDATE desk_calls SET number = next WHERE verification = NEW.id;
    RETURN NULL;
END
$body$;
COMMENT ON FUNCTION desk_verdict() IS 'Marks a watched call as changed when its verdict is written';

CREATE TRIGGER verdicts_are_told
    AFTER INSERT OR UPDATE OF verdict ON verifications
    FOR EACH ROW WHEN (NEW.verdict IS NOT NULL) EXECUTE FUNCTION desk_verdict();
COMMENT ON TRIGGER verdicts_are_told ON verifications IS 'The desk sees a verdict with the transaction that wrote it';

-- Who signs in is looked for before the tenant is known. These run as the tables' owner.

CREATE FUNCTION desk_user(of_name text)
RETURNS TABLE (name text, tenant text, password text, role text, agent text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
BEGIN ATOMIC
    SELECT u.name, u.tenant, u.password, u.role, u.agent FROM desk_users AS u
    WHERE u.name = of_name;
END;
COMMENT ON FUNCTION desk_user(text) IS 'The user of a name';

CREATE FUNCTION desk_session(of_token bytea)
RETURNS TABLE (name text, tenant text, role text, agent text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
BEGIN ATOMIC
    SELECT u.name, u.tenant, u.role, u.agent FROM desk_sessions AS s
    JOIN desk_users AS u ON u.name = s.name
    WHERE s.token = of_token AND s.expires_at > now();
END;
COMMENT ON FUNCTION desk_session(bytea) IS 'Who is signed in with the cookie of this hash';

REVOKE ALL ON FUNCTION desk_user(text), desk_session(bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION desk_user(text), desk_session(bytea) TO countersign_app;

-- 0011_azure_profiles

-- Profiles that programs written for Azure's Speaker Recognition API make and fill.
--
-- Such a program sends one recording at a time, and each must be kept until there are enough. So a
-- recording may wait, sealed, in a profile that is still enrolling; the enrollment that it will
-- belong to is written when it is complete.

ALTER TABLE recordings ALTER COLUMN enrollment DROP NOT NULL;
COMMENT ON COLUMN recordings.enrollment IS 'The enrollment it comes from; NULL while that is under way';
ALTER TABLE voiceprints ALTER COLUMN enrollment DROP NOT NULL;
COMMENT ON COLUMN voiceprints.enrollment IS 'The enrollment it comes from; NULL while that is under way';

CREATE DOMAIN azure_kind AS text CHECK (VALUE IN (
    'text_dependent_verification', 'text_independent_verification',
    'text_independent_identification'
));
COMMENT ON DOMAIN azure_kind IS 'What a profile of the Azure-compatible API was made for';

CREATE TABLE azure_profiles (
    profile uuid PRIMARY KEY,
    tenant text NOT NULL,
    kind azure_kind NOT NULL,
    version integer NOT NULL DEFAULT 0,
    updated_at timestamptz NOT NULL DEFAULT now(),
    FOREIGN KEY (tenant, profile) REFERENCES profiles (tenant, id) ON DELETE CASCADE
);
CREATE INDEX azure_profiles_by_kind ON azure_profiles (tenant, kind, profile);
COMMENT ON TABLE azure_profiles IS 'Which profiles the Azure-compatible API made; it knows no others';
COMMENT ON COLUMN azure_profiles.profile IS 'The profile; its account is this id as text';
COMMENT ON COLUMN azure_profiles.tenant IS 'Whose customer the person is';
COMMENT ON COLUMN azure_profiles.kind IS 'What it was made for';
COMMENT ON COLUMN azure_profiles.version IS 'Counts the changes, so that of two at once one is refused';
COMMENT ON COLUMN azure_profiles.updated_at IS 'When the API last changed it';

GRANT SELECT, INSERT, UPDATE, DELETE ON azure_profiles TO countersign_app;
ALTER TABLE azure_profiles ENABLE ROW LEVEL SECURITY;
CREATE POLICY by_tenant ON azure_profiles USING (tenant = current_tenant());

-- 0012_api

-- What programs do over the API: keys are found before the tenant is known, and a request that is
-- sent twice is done once.

ALTER DOMAIN audit_event DROP CONSTRAINT audit_event_check;
ALTER DOMAIN audit_event ADD CHECK (VALUE IN (
    'verification_closed', 'profile_enrolled', 'enrollment_ended', 'profile_reset',
    'profile_erased', 'profile_opted_out', 'profile_expired', 'profile_exported',
    'profile_unlocked', 'caller_unlocked', 'records_expired', 'suspect_added', 'suspect_removed',
    'group_changed', 'keys_rotated', 'profile_begun', 'operating_point_changed', 'api_key_made',
    'api_key_revoked'
));

CREATE FUNCTION api_key(of_id uuid)
RETURNS TABLE (
    id uuid, tenant text, hash bytea, scopes text[], expires_at timestamptz, revoked_at timestamptz
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
BEGIN ATOMIC
    SELECT k.id, k.tenant, k.hash, k.scopes, k.expires_at, k.revoked_at
    FROM api_keys AS k WHERE k.id = of_id;
END;
COMMENT ON FUNCTION api_key(uuid) IS 'The key of an id, whosever it is: who asks is known by it';
REVOKE ALL ON FUNCTION api_key(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION api_key(uuid) TO countersign_app;

CREATE TABLE api_answers (
    api_key uuid NOT NULL REFERENCES api_keys ON DELETE CASCADE,
    name bytea NOT NULL CHECK (octet_length(name) = 32),
    tenant text NOT NULL REFERENCES tenants,
    request bytea NOT NULL CHECK (octet_length(request) = 32),
    account text,
    status smallint,
    body bytea,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (api_key, name),
    CHECK (num_nulls(status, body) IN (0, 2))
);
CREATE INDEX api_answers_by_age ON api_answers (tenant, created_at);
CREATE INDEX api_answers_of_account ON api_answers (tenant, account);
COMMENT ON TABLE api_answers IS 'What was answered to requests with an idempotency key, for a day: sent again, they are not done again';
COMMENT ON COLUMN api_answers.api_key IS 'Who asked';
COMMENT ON COLUMN api_answers.name IS 'SHA-256 of the idempotency key';
COMMENT ON COLUMN api_answers.tenant IS 'On whose behalf';
COMMENT ON COLUMN api_answers.request IS 'SHA-256 of the request: another one with the same key is refused';
COMMENT ON COLUMN api_answers.account IS 'Whom the answer is about, to be erased with the person; NULL where about nobody';
COMMENT ON COLUMN api_answers.status IS 'HTTP status of the answer; NULL while it is being done';
COMMENT ON COLUMN api_answers.body IS 'The answer, JSON; no audio and no voice';
COMMENT ON COLUMN api_answers.created_at IS 'When the request first came';

GRANT SELECT, INSERT, UPDATE, DELETE ON api_answers TO countersign_app;
ALTER TABLE api_answers ENABLE ROW LEVEL SECURITY;
CREATE POLICY by_tenant ON api_answers USING (tenant = current_tenant());

-- 0013_jobs

-- Jobs: what any worker does behind the calls. What is to be done is in our own tables (voiceprints
-- of another model); the queue, pgqueuer's own (schema jobs, at the end of
-- this file), only hands it out, and holds ids alone. Losing the queue loses no work.

ALTER DOMAIN audit_event DROP CONSTRAINT audit_event_check;
ALTER DOMAIN audit_event ADD CHECK (VALUE IN (
    'verification_closed', 'profile_enrolled', 'enrollment_ended', 'profile_reset',
    'profile_erased', 'profile_opted_out', 'profile_expired', 'profile_exported',
    'profile_unlocked', 'caller_unlocked', 'records_expired', 'suspect_added', 'suspect_removed',
    'group_changed', 'keys_rotated', 'profile_begun', 'operating_point_changed', 'api_key_made',
    'api_key_revoked',
    'profile_reextracted'
));

CREATE TABLE voice_models (
    model text PRIMARY KEY CHECK (model <> ''),
    chosen_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE voice_models IS 'The voice models that workers were started with; profiles are moved to the newest';
COMMENT ON COLUMN voice_models.model IS 'Id of the voice model';
COMMENT ON COLUMN voice_models.chosen_at IS 'When a worker first had it, or an operator last chose it';

ALTER TABLE voiceprints ADD COLUMN live boolean NOT NULL DEFAULT true;
COMMENT ON COLUMN voiceprints.live IS 'Whether callers are compared with it; false: made for a change of the voice model that the profile has not finished';
CREATE INDEX voiceprints_by_model ON voiceprints (tenant, profile, model) WHERE live;

GRANT SELECT, INSERT, UPDATE ON voice_models TO countersign_app;

-- From here on what `pgqueuer sql install` prints (pgqueuer 1.6.0, schema jobs, durable); a test
-- asks the installed pgqueuer whether it would change anything.

CREATE SCHEMA jobs;

CREATE TYPE jobs.pgqueuer_status AS ENUM ('queued', 'picked', 'successful', 'exception', 'canceled', 'deleted', 'failed');

CREATE TABLE jobs.pgqueuer (
    id bigserial NOT NULL PRIMARY KEY,
    priority integer NOT NULL,
    queue_manager_id uuid,
    created timestamp with time zone NOT NULL DEFAULT now(),
    updated timestamp with time zone NOT NULL DEFAULT now(),
    heartbeat timestamp with time zone NOT NULL DEFAULT now(),
    execute_after timestamp with time zone NOT NULL DEFAULT now(),
    status jobs.pgqueuer_status NOT NULL,
    entrypoint text NOT NULL,
    dedupe_key text,
    payload bytea,
    headers jsonb,
    attempts integer NOT NULL DEFAULT 0,
    slot bigint
);

CREATE TABLE jobs.pgqueuer_log (
    id bigint GENERATED BY DEFAULT AS IDENTITY NOT NULL PRIMARY KEY,
    created timestamp with time zone NOT NULL DEFAULT now(),
    job_id bigint NOT NULL,
    status jobs.pgqueuer_status NOT NULL,
    priority integer NOT NULL,
    entrypoint text NOT NULL,
    traceback jsonb,
    aggregated boolean DEFAULT false
);

CREATE TABLE jobs.pgqueuer_schedules (
    id bigserial NOT NULL PRIMARY KEY,
    expression text NOT NULL,
    entrypoint text NOT NULL,
    heartbeat timestamp with time zone NOT NULL DEFAULT now(),
    created timestamp with time zone NOT NULL DEFAULT now(),
    updated timestamp with time zone NOT NULL DEFAULT now(),
    next_run timestamp with time zone NOT NULL DEFAULT now(),
    last_run timestamp with time zone,
    status jobs.pgqueuer_status DEFAULT 'queued'::jobs.pgqueuer_status,
    UNIQUE (expression, entrypoint)
);

CREATE TABLE jobs.pgqueuer_statistics (
    id bigserial NOT NULL PRIMARY KEY,
    created timestamp with time zone NOT NULL DEFAULT date_trunc('sec'::text, now()),
    count bigint NOT NULL,
    priority integer NOT NULL,
    status jobs.pgqueuer_status NOT NULL,
    entrypoint text NOT NULL
);

CREATE INDEX pgqueuer_ep_ea_idx ON jobs.pgqueuer USING btree (entrypoint, execute_after) WHERE (status = 'queued'::jobs.pgqueuer_status);

CREATE INDEX pgqueuer_ep_prio_id_idx ON jobs.pgqueuer USING btree (entrypoint, priority DESC, id) WHERE (status = 'queued'::jobs.pgqueuer_status);

CREATE INDEX pgqueuer_log_created ON jobs.pgqueuer_log USING btree (created);

CREATE INDEX pgqueuer_log_job_id_status ON jobs.pgqueuer_log USING btree (job_id, created DESC);

CREATE INDEX pgqueuer_log_not_aggregated ON jobs.pgqueuer_log USING btree ((1)) WHERE (NOT aggregated);

CREATE INDEX pgqueuer_log_status ON jobs.pgqueuer_log USING btree (status);

CREATE INDEX pgqueuer_picked_heartbeat_idx ON jobs.pgqueuer USING btree (heartbeat) WHERE (status = 'picked'::jobs.pgqueuer_status);

CREATE UNIQUE INDEX pgqueuer_picked_slot_idx ON jobs.pgqueuer USING btree (entrypoint, slot) WHERE ((status = 'picked'::jobs.pgqueuer_status) AND (slot IS NOT NULL));

CREATE INDEX pgqueuer_priority_id_id1_idx ON jobs.pgqueuer USING btree (priority, id DESC) INCLUDE (id) WHERE (status = 'queued'::jobs.pgqueuer_status);

CREATE INDEX pgqueuer_queue_manager_id_idx ON jobs.pgqueuer USING btree (queue_manager_id) WHERE (queue_manager_id IS NOT NULL);

CREATE UNIQUE INDEX pgqueuer_statistics_unique_count ON jobs.pgqueuer_statistics USING btree (priority, date_trunc('sec'::text, timezone('UTC'::text, created)), status, entrypoint);

CREATE UNIQUE INDEX pgqueuer_unique_dedupe_key ON jobs.pgqueuer USING btree (dedupe_key) WHERE ((status = ANY (ARRAY['queued'::jobs.pgqueuer_status, 'picked'::jobs.pgqueuer_status])) AND (dedupe_key IS NOT NULL));

CREATE INDEX pgqueuer_updated_id_id1_idx ON jobs.pgqueuer USING btree (updated, id DESC) INCLUDE (id) WHERE (status = 'picked'::jobs.pgqueuer_status);

CREATE FUNCTION jobs.fn_pgqueuer_changed() RETURNS TRIGGER AS $$
DECLARE
    to_emit BOOLEAN := false;  -- Flag to decide whether to emit a notification
BEGIN
    -- Check operation type and set the emit flag accordingly
    IF TG_OP = 'UPDATE' AND OLD IS DISTINCT FROM NEW THEN
        to_emit := true;
    ELSIF TG_OP = 'DELETE' THEN
        to_emit := true;
    ELSIF TG_OP = 'INSERT' THEN
        to_emit := true;
    ELSIF TG_OP = 'TRUNCATE' THEN
        to_emit := true;
    END IF;

    -- Perform notification if the emit flag is set
    IF to_emit THEN
        PERFORM pg_notify(
            'ch_pgqueuer',
            json_build_object(
                'channel', 'ch_pgqueuer',
                'operation', lower(TG_OP),
                'sent_at', NOW(),
                'table', TG_TABLE_NAME,
                'type', 'table_changed_event'
            )::text
        );
    END IF;

    -- Return appropriate value based on the operation
    IF TG_OP IN ('INSERT', 'UPDATE') THEN
        RETURN NEW;
    ELSIF TG_OP = 'DELETE' THEN
        RETURN OLD;
    ELSE
        RETURN NULL; -- For TRUNCATE and other non-row-specific contexts
    END IF;

END;
$$ LANGUAGE plpgsql;

CREATE TRIGGER tg_pgqueuer_changed
AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON jobs.pgqueuer
EXECUTE FUNCTION jobs.fn_pgqueuer_changed();

COMMENT ON SCHEMA jobs IS 'The queue of jobs, as pgqueuer makes and uses it: ids alone, of no tenant';
GRANT USAGE ON SCHEMA jobs TO countersign_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA jobs TO countersign_app;
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA jobs TO countersign_app;

-- 0014_passive

-- Verifications while the caller talks to somebody else are told from those that asked for speech.

CREATE DOMAIN verification_mode AS text CHECK (VALUE IN ('asked', 'passive'));
COMMENT ON DOMAIN verification_mode IS 'How a verification came by its speech';

ALTER TABLE verifications ADD COLUMN mode verification_mode NOT NULL DEFAULT 'asked';
COMMENT ON COLUMN verifications.mode IS 'Whether the caller was asked to speak, or overheard';

-- 0015_batches

-- Batches: recordings in files, to be enrolled or verified by any worker. And profiles that cannot be
-- moved to another voice model, so that a change of the model can be seen to be over.
--
-- Of a batch's audio nothing is kept here: a worker reads a file where it lies. An item's id is the
-- id of the enrollment or verification that it becomes, so that an item done twice is stored once.

CREATE TABLE unreadable_profiles (
    profile uuid PRIMARY KEY,
    tenant text NOT NULL,
    model text NOT NULL,
    why text NOT NULL,
    noted_at timestamptz NOT NULL DEFAULT now(),
    FOREIGN KEY (tenant, profile) REFERENCES profiles (tenant, id) ON DELETE CASCADE
);
CREATE INDEX unreadable_profiles_of_tenant ON unreadable_profiles (tenant, profile);
COMMENT ON TABLE unreadable_profiles IS 'Profiles whose recordings could not be turned into voiceprints of another voice model; they keep the ones they have';
COMMENT ON COLUMN unreadable_profiles.profile IS 'Which';
COMMENT ON COLUMN unreadable_profiles.tenant IS 'Whose customer the person is';
COMMENT ON COLUMN unreadable_profiles.model IS 'The voice model it was to be moved to';
COMMENT ON COLUMN unreadable_profiles.why IS 'What is wrong, for an operator to read';
COMMENT ON COLUMN unreadable_profiles.noted_at IS 'When it last failed';

CREATE DOMAIN batch_kind AS text CHECK (VALUE IN ('enroll', 'verify'));
COMMENT ON DOMAIN batch_kind IS 'What is done to the recordings of a batch';

CREATE TABLE batches (
    id uuid PRIMARY KEY,
    tenant text NOT NULL REFERENCES tenants,
    kind batch_kind NOT NULL,
    name bytea NOT NULL CHECK (octet_length(name) = 32),
    folder text NOT NULL,
    ordered_by text NOT NULL,
    items integer NOT NULL CHECK (items > 0),
    ordered_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (tenant, name),
    UNIQUE (tenant, id)
);
COMMENT ON TABLE batches IS 'Orders to enroll or verify many from recordings in files';
COMMENT ON COLUMN batches.id IS 'What the commands call it';
COMMENT ON COLUMN batches.tenant IS 'Whose customers they are';
COMMENT ON COLUMN batches.kind IS 'What is done to them';
COMMENT ON COLUMN batches.name IS 'Keyed hash of all that was ordered: the same order again is the same batch';
COMMENT ON COLUMN batches.folder IS 'Above all of its files: workers that were given this folder do it';
COMMENT ON COLUMN batches.ordered_by IS 'The operator''s login, who stands in the audit trail';
COMMENT ON COLUMN batches.items IS 'How many items it was made of; those of persons erased since are gone';
COMMENT ON COLUMN batches.ordered_at IS 'When';

CREATE TABLE batch_items (
    id uuid PRIMARY KEY,
    tenant text NOT NULL,
    batch uuid NOT NULL,
    number integer NOT NULL CHECK (number > 0),
    account text NOT NULL,
    files text[] NOT NULL CHECK (cardinality(files) > 0),
    text_version text,
    consented_at timestamptz,
    locale text,
    mode text,
    phrase text,
    stamp bytea NOT NULL CHECK (octet_length(stamp) = 32),
    remarks text[],
    result text,
    reason text,
    ended_at timestamptz,
    UNIQUE (batch, number),
    FOREIGN KEY (tenant, batch) REFERENCES batches (tenant, id) ON DELETE CASCADE,
    CHECK (num_nulls(text_version, consented_at, locale, mode, phrase) IN (0, 5)),
    CHECK (num_nulls(result, reason, ended_at) IN (0, 3)),
    CHECK (remarks IS NULL OR cardinality(remarks) = cardinality(files))
);
CREATE INDEX batch_items_open ON batch_items (tenant, id) WHERE ended_at IS NULL;
CREATE INDEX batch_items_of_account ON batch_items (tenant, account);
CREATE INDEX batch_items_by_end ON batch_items (tenant, ended_at);
COMMENT ON TABLE batch_items IS 'What a batch consists of: a person to enroll, or a recording to verify; no audio and no voice';
COMMENT ON COLUMN batch_items.id IS 'Id of the enrollment or verification that it becomes';
COMMENT ON COLUMN batch_items.tenant IS 'Whose customer the person is';
COMMENT ON COLUMN batch_items.batch IS 'Of which batch';
COMMENT ON COLUMN batch_items.number IS 'Place in it, counted from 1';
COMMENT ON COLUMN batch_items.account IS 'Who is enrolled, or is claimed to speak';
COMMENT ON COLUMN batch_items.files IS 'Where the recordings lie: absolute paths, the same on each worker';
COMMENT ON COLUMN batch_items.text_version IS 'Which wording the person to be enrolled agreed to; NULL, as all of these, for a verification';
COMMENT ON COLUMN batch_items.consented_at IS 'When the person agreed';
COMMENT ON COLUMN batch_items.locale IS 'Of the passphrase';
COMMENT ON COLUMN batch_items.mode IS 'Whether a passphrase is said';
COMMENT ON COLUMN batch_items.phrase IS 'Id of the passphrase';
COMMENT ON COLUMN batch_items.stamp IS 'Keyed hash of all before it: who can write here cannot have a voice enrolled';
COMMENT ON COLUMN batch_items.remarks IS 'What became of each file of an enrollment; NULL before it was tried';
COMMENT ON COLUMN batch_items.result IS 'How it ended: a verdict, an enrollment''s result, CANNOT or CANCELLED; NULL before';
COMMENT ON COLUMN batch_items.reason IS 'Reason word; a sentence where it cannot be done';
COMMENT ON COLUMN batch_items.ended_at IS 'When';

GRANT SELECT, INSERT, UPDATE, DELETE ON unreadable_profiles, batches, batch_items TO countersign_app;
ALTER TABLE unreadable_profiles ENABLE ROW LEVEL SECURITY;
CREATE POLICY by_tenant ON unreadable_profiles USING (tenant = current_tenant());
ALTER TABLE batches ENABLE ROW LEVEL SECURITY;
CREATE POLICY by_tenant ON batches USING (tenant = current_tenant());
ALTER TABLE batch_items ENABLE ROW LEVEL SECURITY;
CREATE POLICY by_tenant ON batch_items USING (tenant = current_tenant());

-- 0016_thresholds

-- Which threshold a verification was judged by, now that tenants set their own.

ALTER TABLE verifications ADD COLUMN threshold double precision;
COMMENT ON COLUMN verifications.threshold IS 'The llr that the evidence had to reach; NULL where nothing was compared';

-- 0017_findings

-- What a verification's explanation is made of, so that a page says it in its own language.

ALTER TABLE verifications ADD COLUMN findings text[] NOT NULL DEFAULT '{}';
COMMENT ON COLUMN verifications.findings IS 'What the verdict rests on, as the engine names it: the words of the explanation';

-- 0018_parts

-- The voice of each part of a passphrase, beside that of the whole.

ALTER TABLE voiceprints
    ADD COLUMN parts bytea,
    ADD CHECK (octet_length(parts) > 0 AND octet_length(parts) % octet_length(embedding) = 0);
COMMENT ON COLUMN voiceprints.parts IS 'Unit vectors of the parts of the passphrase, in order, each turned and written as the embedding; NULL where none were recognised';
COMMENT ON COLUMN voiceprints.seal IS 'HMAC-SHA-256 under the data key: binds vector, parts and quality to the person and the recording';

-- 0019_no_empty_counts

-- No count of who was accepted: a row each said of profiles and callers that nothing was counted, and
-- no time to keep ever met the callers' keyed hashes in it.

DELETE FROM lockouts WHERE rejects = 0;
DELETE FROM caller_lockouts WHERE rejects = 0;

-- 0020_replay_shift

-- How much later a repeat began than the recording that was heard before.

ALTER TABLE attempts ADD COLUMN replay_shift_s double precision;
COMMENT ON COLUMN attempts.replay_shift_s IS 'Seconds by which it began later than the earlier recording that it repeats; NULL where it repeats none';

-- 0021_undertakings

-- Who does a request with an idempotency key: what another took over, it answers no more.

ALTER TABLE api_answers ADD COLUMN undertaking uuid;
COMMENT ON COLUMN api_answers.undertaking IS 'Who does or did it: another id each time that it is begun';
COMMENT ON COLUMN api_answers.created_at IS 'When it was begun, or last seen to be done still';

-- 0022_stamped_verdicts

-- Whose a verdict is, and who may sign in to the desk: neither rests on the application's rights alone.

ALTER TABLE verifications ADD COLUMN stamp bytea CHECK (octet_length(stamp) = 32);
COMMENT ON COLUMN verifications.stamp IS 'Keyed hash of call, claim and verdict: who can write here cannot have a dialplan told ACCEPT; NULL before the end, and where an older version wrote it';

-- Names are no part of the audit trail: it says by an id which user was meant.
ALTER TABLE desk_users ADD COLUMN id uuid NOT NULL UNIQUE DEFAULT gen_random_uuid();
COMMENT ON COLUMN desk_users.id IS 'Whom the audit trail means';
COMMENT ON COLUMN audit.whom IS 'Id of the profile, suspect, API key or desk user, which means nothing once that is gone; never an account or a name';

ALTER DOMAIN audit_event DROP CONSTRAINT audit_event_check;
ALTER DOMAIN audit_event ADD CHECK (VALUE IN (
    'verification_closed', 'profile_enrolled', 'enrollment_ended', 'profile_reset',
    'profile_erased', 'profile_opted_out', 'profile_expired', 'profile_exported',
    'profile_unlocked', 'caller_unlocked', 'records_expired', 'suspect_added', 'suspect_removed',
    'group_changed', 'keys_rotated', 'profile_begun', 'operating_point_changed', 'api_key_made',
    'api_key_revoked', 'profile_reextracted', 'desk_user_added', 'desk_user_changed',
    'desk_user_removed'
));

COMMENT ON COLUMN api_answers.request IS 'Keyed hash of the request: another one with the same key is refused';

-- 0023_stamped_rows

-- Who wrote what decides: rates, groups, users and keys rest on the application's rights alone no more.
--
-- What was written before has no stamp, and is believed until `countersign keys stamp`.

ALTER TABLE operating_points ADD COLUMN stamp bytea CHECK (octet_length(stamp) = 32);
ALTER TABLE group_members ADD COLUMN stamp bytea CHECK (octet_length(stamp) = 32);
ALTER TABLE desk_users ADD COLUMN stamp bytea CHECK (octet_length(stamp) = 32);
ALTER TABLE desk_sessions ADD COLUMN stamp bytea CHECK (octet_length(stamp) = 32);
ALTER TABLE api_keys ADD COLUMN stamp bytea CHECK (octet_length(stamp) = 32);
ALTER TABLE api_answers ADD COLUMN stamp bytea CHECK (octet_length(stamp) = 32);
COMMENT ON COLUMN operating_points.stamp IS 'Keyed hash of tenant, purpose and rate: who can write here sets none; NULL where an older version wrote it';
COMMENT ON COLUMN group_members.stamp IS 'Keyed hash of tenant, group and profile: who can write here puts nobody into a group; NULL where an older version wrote it';
COMMENT ON COLUMN desk_users.stamp IS 'Keyed hash of name, tenant, password, role and agent: who can write here makes no user; NULL where an older version wrote it';
COMMENT ON COLUMN desk_sessions.stamp IS 'Keyed hash of token, user and end: who can write here signs nobody in; NULL where an older version wrote it';
COMMENT ON COLUMN api_keys.stamp IS 'Keyed hash of id, tenant, hash, scopes and end: who can write here makes no key; NULL where an older version wrote it, and once it is revoked';
COMMENT ON COLUMN api_answers.stamp IS 'Keyed hash of request and answer: who can write here answers nothing; NULL before the answer, and where an older version wrote it';

-- These return stamps and what they bind, too.

DROP FUNCTION desk_user(text);
CREATE FUNCTION desk_user(of_name text)
RETURNS TABLE (name text, tenant text, password text, role text, agent text, stamp bytea)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
BEGIN ATOMIC
    SELECT u.name, u.tenant, u.password, u.role, u.agent, u.stamp FROM desk_users AS u
    WHERE u.name = of_name;
END;
COMMENT ON FUNCTION desk_user(text) IS 'The user of a name';

DROP FUNCTION desk_session(bytea);
CREATE FUNCTION desk_session(of_token bytea)
RETURNS TABLE (
    name text, tenant text, password text, role text, agent text, stamp bytea,
    token bytea, expires_at timestamptz, session_stamp bytea
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
BEGIN ATOMIC
    SELECT
        u.name, u.tenant, u.password, u.role, u.agent, u.stamp, s.token, s.expires_at, s.stamp
    FROM desk_sessions AS s JOIN desk_users AS u ON u.name = s.name
    WHERE s.token = of_token AND s.expires_at > now();
END;
COMMENT ON FUNCTION desk_session(bytea) IS 'Who is signed in with the cookie of this hash';

DROP FUNCTION api_key(uuid);
CREATE FUNCTION api_key(of_id uuid)
RETURNS TABLE (
    id uuid, tenant text, hash bytea, scopes text[], expires_at timestamptz,
    revoked_at timestamptz, stamp bytea
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
BEGIN ATOMIC
    SELECT k.id, k.tenant, k.hash, k.scopes, k.expires_at, k.revoked_at, k.stamp
    FROM api_keys AS k WHERE k.id = of_id;
END;
COMMENT ON FUNCTION api_key(uuid) IS 'The key of an id, whosever it is: who asks is known by it';

REVOKE ALL ON FUNCTION desk_user(text), desk_session(bytea), api_key(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION desk_user(text), desk_session(bytea), api_key(uuid) TO countersign_app;

ALTER DOMAIN audit_event DROP CONSTRAINT audit_event_check;
ALTER DOMAIN audit_event ADD CHECK (VALUE IN (
    'verification_closed', 'profile_enrolled', 'enrollment_ended', 'profile_reset',
    'profile_erased', 'profile_opted_out', 'profile_expired', 'profile_exported',
    'profile_unlocked', 'caller_unlocked', 'records_expired', 'suspect_added', 'suspect_removed',
    'group_changed', 'keys_rotated', 'profile_begun', 'operating_point_changed', 'api_key_made',
    'api_key_revoked', 'profile_reextracted', 'desk_user_added', 'desk_user_changed',
    'desk_user_removed', 'rows_stamped', 'rows_dropped'
));

INSERT INTO schema_versions (version, name) VALUES (1, '0001_first_tables');
INSERT INTO schema_versions (version, name) VALUES (2, '0002_tenant_columns');
INSERT INTO schema_versions (version, name) VALUES (3, '0003_sealed_recordings');
INSERT INTO schema_versions (version, name) VALUES (4, '0004_what_an_attempt_showed');
INSERT INTO schema_versions (version, name) VALUES (5, '0005_lockouts');
INSERT INTO schema_versions (version, name) VALUES (6, '0006_groups_and_watchlists');
INSERT INTO schema_versions (version, name) VALUES (7, '0007_operating_points_and_api_keys');
INSERT INTO schema_versions (version, name) VALUES (8, '0008_audit_chain');
INSERT INTO schema_versions (version, name) VALUES (9, '0009_row_level_security');
INSERT INTO schema_versions (version, name) VALUES (10, '0010_desk');
INSERT INTO schema_versions (version, name) VALUES (11, '0011_azure_profiles');
INSERT INTO schema_versions (version, name) VALUES (12, '0012_api');
INSERT INTO schema_versions (version, name) VALUES (13, '0013_jobs');
INSERT INTO schema_versions (version, name) VALUES (14, '0014_passive');
INSERT INTO schema_versions (version, name) VALUES (15, '0015_batches');
INSERT INTO schema_versions (version, name) VALUES (16, '0016_thresholds');
INSERT INTO schema_versions (version, name) VALUES (17, '0017_findings');
INSERT INTO schema_versions (version, name) VALUES (18, '0018_parts');
INSERT INTO schema_versions (version, name) VALUES (19, '0019_no_empty_counts');
INSERT INTO schema_versions (version, name) VALUES (20, '0020_replay_shift');
INSERT INTO schema_versions (version, name) VALUES (21, '0021_undertakings');
INSERT INTO schema_versions (version, name) VALUES (22, '0022_stamped_verdicts');
INSERT INTO schema_versions (version, name) VALUES (23, '0023_stamped_rows');

COMMIT;
