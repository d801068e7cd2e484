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
