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
