-- Profiles that programs written for Azure's Speaker Recognition API make and fill.
--
-- Such a program sends one recording at a time, and each must be kept until there are enough. So a
-- recording may wait, sealed, in a profile that is still enrolling; the enrollment that it will
-- belong to is written when it is complete.

ALTER TABLE recordings ALTER COLUMN enrollment DROP NOT NULL;
COMMENT ON COLUMN recordings.enrollment IS 'The enrollment it comes from; NULL while that is under way';
ALTER TABLE voiceprints ALTER COLUMN enrollment DROP NOT NULL;
COMMENT ON COLUMN voiceprints.enrollment IS 'The enrollment it comes from; NULL while that is under way';

CREATE DOMAIN azure_kind AS text CHECK (VALUE IN (
    'text_dependent_verification', 'text_independent_verification',
    'text_independent_identification'
));
COMMENT ON DOMAIN azure_kind IS 'What a profile of the Azure-compatible API was made for';

CREATE TABLE azure_profiles (
    profile uuid PRIMARY KEY,
    tenant text NOT NULL,
    kind azure_kind NOT NULL,
    version integer NOT NULL DEFAULT 0,
    updated_at timestamptz NOT NULL DEFAULT now(),
    FOREIGN KEY (tenant, profile) REFERENCES profiles (tenant, id) ON DELETE CASCADE
);
CREATE INDEX azure_profiles_by_kind ON azure_profiles (tenant, kind, profile);
COMMENT ON TABLE azure_profiles IS 'Which profiles the Azure-compatible API made; it knows no others';
COMMENT ON COLUMN azure_profiles.profile IS 'The profile; its account is this id as text';
COMMENT ON COLUMN azure_profiles.tenant IS 'Whose customer the person is';
COMMENT ON COLUMN azure_profiles.kind IS 'What it was made for';
COMMENT ON COLUMN azure_profiles.version IS 'Counts the changes, so that of two at once one is refused';
COMMENT ON COLUMN azure_profiles.updated_at IS 'When the API last changed it';

GRANT SELECT, INSERT, UPDATE, DELETE ON azure_profiles TO countersign_app;
ALTER TABLE azure_profiles ENABLE ROW LEVEL SECURITY;
CREATE POLICY by_tenant ON azure_profiles USING (tenant = current_tenant());
