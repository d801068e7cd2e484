-- Every row says whose it is, so that the database itself can keep tenants apart (0009).

CREATE FUNCTION current_tenant() RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
RETURN nullif(current_setting('countersign.tenant', true), '');
COMMENT ON FUNCTION current_tenant() IS 'The tenant that this transaction works for; NULL where none was set';

ALTER TABLE tenants ADD CHECK (tenant <> '');

ALTER TABLE consents ADD COLUMN tenant text;
UPDATE consents SET tenant = p.tenant FROM profiles AS p WHERE p.id = profile;
ALTER TABLE consents
    ALTER COLUMN tenant SET NOT NULL,
    DROP CONSTRAINT consents_profile_fkey,
    ADD FOREIGN KEY (tenant, profile) REFERENCES profiles (tenant, id) ON DELETE CASCADE;
COMMENT ON COLUMN consents.tenant IS 'Whose customer the person is';

ALTER TABLE attempts ADD COLUMN tenant text;
UPDATE attempts SET tenant = v.tenant FROM verifications AS v WHERE v.id = verification;
ALTER TABLE attempts ALTER COLUMN tenant SET NOT NULL;
COMMENT ON COLUMN attempts.tenant IS 'Whose call it was';
