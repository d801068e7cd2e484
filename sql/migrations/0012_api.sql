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
