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
