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
