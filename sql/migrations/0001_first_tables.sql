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
