-- Whose a verdict is, and who may sign in to the desk: neither rests on the application's rights alone.

ALTER TABLE verifications ADD COLUMN stamp bytea CHECK (octet_length(stamp) = 32);
COMMENT ON COLUMN verifications.stamp IS 'Keyed hash of call, claim and verdict: who can write here cannot have a dialplan told ACCEPT; NULL before the end, and where an older version wrote it';

-- Names are no part of the audit trail: it says by an id which user was meant.
ALTER TABLE desk_users ADD COLUMN id uuid NOT NULL UNIQUE DEFAULT gen_random_uuid();
COMMENT ON COLUMN desk_users.id IS 'Whom the audit trail means';
COMMENT ON COLUMN audit.whom IS 'Id of the profile, suspect, API key or desk user, which means nothing once that is gone; never an account or a name';

ALTER DOMAIN audit_event DROP CONSTRAINT audit_event_check;
ALTER DOMAIN audit_event ADD CHECK (VALUE IN (
    'verification_closed', 'profile_enrolled', 'enrollment_ended', 'profile_reset',
    'profile_erased', 'profile_opted_out', 'profile_expired', 'profile_exported',
    'profile_unlocked', 'caller_unlocked', 'records_expired', 'suspect_added', 'suspect_removed',
    'group_changed', 'keys_rotated', 'profile_begun', 'operating_point_changed', 'api_key_made',
    'api_key_revoked', 'profile_reextracted', 'desk_user_added', 'desk_user_changed',
    'desk_user_removed'
));

COMMENT ON COLUMN api_answers.request IS 'Keyed hash of the request: another one with the same key is refused';
