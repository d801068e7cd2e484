-- The voice of each part of a passphrase, beside that of the whole.

ALTER TABLE voiceprints
    ADD COLUMN parts bytea,
    ADD CHECK (octet_length(parts) > 0 AND octet_length(parts) % octet_length(embedding) = 0);
COMMENT ON COLUMN voiceprints.parts IS 'Unit vectors of the parts of the passphrase, in order, each turned and written as the embedding; NULL where none were recognised';
COMMENT ON COLUMN voiceprints.seal IS 'HMAC-SHA-256 under the data key: binds vector, parts and quality to the person and the recording';
