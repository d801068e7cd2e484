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
