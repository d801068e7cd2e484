-- What a verification's explanation is made of, so that a page says it in its own language.

ALTER TABLE verifications ADD COLUMN findings text[] NOT NULL DEFAULT '{}';
COMMENT ON COLUMN verifications.findings IS 'What the verdict rests on, as the engine names it: the words of the explanation';
