-- How much later a repeat began than the recording that was heard before.

ALTER TABLE attempts ADD COLUMN replay_shift_s double precision;
COMMENT ON COLUMN attempts.replay_shift_s IS 'Seconds by which it began later than the earlier recording that it repeats; NULL where it repeats none';
