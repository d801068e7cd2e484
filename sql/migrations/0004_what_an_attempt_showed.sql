-- What a verdict rests on besides the voice.

CREATE DOMAIN phrase_outcome AS text CHECK (VALUE IN ('right', 'wrong', 'unsure', 'unchecked'));
COMMENT ON DOMAIN phrase_outcome IS 'What was made of the words';

ALTER TABLE attempts
    ADD COLUMN phrase phrase_outcome NOT NULL DEFAULT 'unchecked',
    ADD COLUMN replay double precision CHECK (replay BETWEEN 0 AND 1);
COMMENT ON COLUMN attempts.phrase IS 'Whether the phrase that was asked for was said';
COMMENT ON COLUMN attempts.replay IS 'How like an earlier recording it was, 0 to 1; NULL where nothing was compared';

ALTER TABLE verifications ADD COLUMN explanation text NOT NULL DEFAULT '';
CREATE INDEX verifications_by_end ON verifications (tenant, ended_at);
COMMENT ON COLUMN verifications.explanation IS 'One sentence on what the verdict rests on, for an agent to read';
CREATE INDEX enrollments_without_profile ON enrollments (tenant, ended_at) WHERE profile IS NULL;
