-- Verifications while the caller talks to somebody else are told from those that asked for speech.

CREATE DOMAIN verification_mode AS text CHECK (VALUE IN ('asked', 'passive'));
COMMENT ON DOMAIN verification_mode IS 'How a verification came by its speech';

ALTER TABLE verifications ADD COLUMN mode verification_mode NOT NULL DEFAULT 'asked';
COMMENT ON COLUMN verifications.mode IS 'Whether the caller was asked to speak, or overheard';
