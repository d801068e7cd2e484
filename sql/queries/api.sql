-- name: find-api-key
-- Return the API key with id $1, whosever it is; no row where there is none.
SELECT id, tenant, hash, scopes, expires_at, revoked_at, stamp FROM api_key($1::uuid);

-- name: add-api-key
-- Write API key $1 of tenant $2, named $3, with the hash $4 of its secret, for scopes $5 until $6.
--
-- $7 is its stamp.
INSERT INTO api_keys (id, tenant, name, hash, scopes, expires_at, stamp)
VALUES ($1::uuid, $2::text, $3::text, $4::bytea, $5::text[], $6::timestamptz, $7::bytea);

-- name: list-api-keys
-- Return the API keys of tenant $1, without their hashes.
SELECT id, tenant, name, scopes, created_at, expires_at, revoked_at
FROM api_keys WHERE tenant = $1::text ORDER BY name, created_at, id;

-- name: revoke-api-key
-- Take API key $2 of tenant $1 no longer; no row where there is none or it was revoked before.
--
-- Without its stamp it is none either, though somebody take the time of this out again.
UPDATE api_keys SET revoked_at = now(), stamp = NULL
WHERE tenant = $1::text AND id = $2::uuid AND revoked_at IS NULL
RETURNING id;

-- name: claim-answer
-- Begin request $4 of key $1 with idempotency key $2, of tenant $3, as $5; no row where it is known.
--
-- One that was last seen before $6 and never answered is taken over: whoever did it is gone.
INSERT INTO api_answers AS a (api_key, name, tenant, request, undertaking)
VALUES ($1::uuid, $2::bytea, $3::text, $4::bytea, $5::uuid)
ON CONFLICT (api_key, name) DO UPDATE SET created_at = now(), undertaking = EXCLUDED.undertaking
WHERE a.status IS NULL AND a.request = EXCLUDED.request
AND (a.created_at < $6::timestamptz OR a.undertaking = EXCLUDED.undertaking)
RETURNING name;

-- name: renew-answer
-- Note that $3 still does the request with idempotency key $2 of key $1.
UPDATE api_answers SET created_at = now()
WHERE api_key = $1::uuid AND name = $2::bytea AND undertaking = $3::uuid AND status IS NULL;

-- name: concern-answer
-- Note that the request with idempotency key $2 of key $1, which $3 does, is about account $4.
UPDATE api_answers SET account = $4::text
WHERE api_key = $1::uuid AND name = $2::bytea AND undertaking = $3::uuid AND status IS NULL;

-- name: find-answer
-- Return the request and, if there is one yet, the answer to idempotency key $2 of key $1.
SELECT api_key, name, tenant, request, status, body, stamp
FROM api_answers WHERE api_key = $1::uuid AND name = $2::bytea;

-- name: keep-answer
-- Keep status $4 and body $5, with their stamp $6, as what $3 answered to idempotency key $2 of key $1.
--
-- An empty answer names nobody.
UPDATE api_answers SET status = $4::smallint, body = $5::bytea, stamp = $6::bytea,
    account = CASE WHEN octet_length($5::bytea) > 0 THEN account END
WHERE api_key = $1::uuid AND name = $2::bytea AND undertaking = $3::uuid;

-- name: drop-answer
-- Forget idempotency key $2 of key $1, whose request $3 has not done.
DELETE FROM api_answers
WHERE api_key = $1::uuid AND name = $2::bytea AND undertaking = $3::uuid AND status IS NULL;

-- name: forget-answers
-- Delete what was answered to requests of tenant $1 from before $2.
DELETE FROM api_answers WHERE tenant = $1::text AND created_at < $2::timestamptz;
