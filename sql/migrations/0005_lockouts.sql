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
