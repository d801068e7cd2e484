-- No count of who was accepted: a row each said of profiles and callers that nothing was counted, and
-- no time to keep ever met the callers' keyed hashes in it.

DELETE FROM lockouts WHERE rejects = 0;
DELETE FROM caller_lockouts WHERE rejects = 0;
