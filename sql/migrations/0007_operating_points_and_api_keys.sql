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
