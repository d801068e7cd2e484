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
