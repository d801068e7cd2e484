-- The audit trail is a chain: each entry's hash covers the entry and the hash before it.
--
-- The database chains, by a trigger, since an entry is often one part of a larger statement; each
-- tenant has a chain of its own, and the row in audit_heads is its lock and its end. The hash is
-- over fields written as netstrings (length ':' field ','; '-,' for NULL), so that no two entries
-- are written alike; ivr/storage/audit_chain.py computes the same.

ALTER DOMAIN audit_event DROP CONSTRAINT audit_event_check;
ALTER DOMAIN audit_event ADD CHECK (VALUE IN (
    'verification_closed', 'profile_enrolled', 'enrollment_ended', 'profile_reset',
    'profile_erased', 'profile_opted_out', 'profile_expired', 'profile_exported',
    'profile_unlocked', 'caller_unlocked', 'records_expired', 'suspect_added', 'suspect_removed', 'group_changed',
    'keys_rotated'
));

CREATE TABLE audit_heads (
    tenant text PRIMARY KEY,
    entries bigint NOT NULL CHECK (entries >= 0),
    hash bytea NOT NULL
);
COMMENT ON TABLE audit_heads IS 'Where each tenant''s audit trail ends';
COMMENT ON COLUMN audit_heads.tenant IS 'Whose trail';
COMMENT ON COLUMN audit_heads.entries IS 'How many entries it has';
COMMENT ON COLUMN audit_heads.hash IS 'Hash of the last entry; empty where there is none';

CREATE FUNCTION audit_field(field text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN coalesce(octet_length(convert_to(field, 'UTF8')) || ':' || field, '-') || ',';
COMMENT ON FUNCTION audit_field(text) IS 'A field as a netstring, NULL as a dash';

CREATE FUNCTION audit_hash(
    before bytea, number bigint, at timestamptz, tenant text, who text, what text, whom uuid,
    about uuid, why text
) RETURNS bytea
LANGUAGE sql STABLE PARALLEL SAFE
RETURN sha256(before || convert_to(
    audit_field(number::text)
    || audit_field(to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'))
    || audit_field(tenant) || audit_field(who) || audit_field(what) || audit_field(whom::text)
    || audit_field(about::text) || audit_field(why),
    'UTF8'
));
COMMENT ON FUNCTION audit_hash(bytea, bigint, timestamptz, text, text, text, uuid, uuid, text)
    IS 'SHA-256 over the hash before and the fields of an entry';

ALTER TABLE audit ADD COLUMN number bigint, ADD COLUMN hash bytea;
COMMENT ON COLUMN audit.number IS 'Place in the tenant''s trail, counted from 1 without a gap';
COMMENT ON COLUMN audit.hash IS 'SHA-256 over the hash before and this entry';

ALTER TABLE audit DISABLE TRIGGER audit_is_append_only;
DO $body$
DECLARE
    entry audit%ROWTYPE;
    head audit_heads%ROWTYPE;
BEGIN
    FOR entry IN SELECT * FROM audit ORDER BY id LOOP
        INSERT INTO audit_heads VALUES (entry.tenant, 0, '') ON CONFLICT DO NOTHING;
        SELECT * INTO head FROM audit_heads WHERE tenant = entry.tenant;
        UPDATE audit SET number = head.entries + 1, hash = audit_hash(
            head.hash, head.entries + 1, entry.at, entry.tenant, entry.who, entry.what,
            entry.whom, entry.about, entry.why
        ) WHERE id = entry.id RETURNING number, hash INTO entry.number, entry.hash;
        UPDATE audit_heads SET entries = entry.number, hash = entry.hash
        WHERE tenant = entry.tenant;
    END LOOP;
END
$body$;
ALTER TABLE audit ENABLE TRIGGER audit_is_append_only;
ALTER TABLE audit
    ALTER COLUMN number SET NOT NULL,
    ALTER COLUMN hash SET NOT NULL,
    ADD UNIQUE (tenant, number);

CREATE FUNCTION chain_audit() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $body$
DECLARE
    head audit_heads%ROWTYPE;
BEGIN
    INSERT INTO audit_heads VALUES (NEW.tenant, 0, '') ON CONFLICT DO NOTHING;
    SELECT * INTO head FROM audit_heads WHERE tenant = NEW.tenant FOR UPDATE;
    NEW.at := clock_timestamp();
    NEW.number := head.entries + 1;
    NEW.hash := audit_hash(
        head.hash, NEW.number, NEW.at, NEW.tenant, NEW.who, NEW.what, NEW.whom, NEW.about, NEW.why
    );
    UPDATE audit_heads SET entries = NEW.number, hash = NEW.hash WHERE tenant = NEW.tenant;
    RETURN NEW;
END
$body$;
COMMENT ON FUNCTION chain_audit() IS 'Gives an entry its place, its time and its hash';

CREATE TRIGGER audit_is_chained
    BEFORE INSERT ON audit FOR EACH ROW EXECUTE FUNCTION chain_audit();
COMMENT ON TRIGGER audit_is_chained ON audit IS 'Each entry is bound to the one before';
