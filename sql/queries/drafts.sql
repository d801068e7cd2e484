-- name: claim-profile
-- Make a profile $1 for account $3 of tenant $2, or lock the one it has; return which, and its state.
--
-- What is there stays as it is: by itself only an update would lock it.
INSERT INTO profiles AS p (id, tenant, account, state, mode, locale, passphrase)
VALUES ($1::uuid, $2::text, $3::text, 'enrolling', $4::text, $5::text, $6::text)
ON CONFLICT (tenant, account) DO UPDATE SET mode = p.mode
RETURNING id, state;

-- name: begin-profile
-- Let profile $2 of tenant $1, which nobody uses, wait for recordings.
UPDATE profiles
SET state = 'enrolling', mode = $3::text, locale = $4::text, passphrase = $5::text,
    tenant_key = NULL, data_key = NULL, changed_at = now(), used_at = now()
WHERE tenant = $1::text AND id = $2::uuid;

-- name: find-draft
-- Return the terms of the profile of tenant $1 and account $2, if it waits for recordings.
SELECT p.id, p.mode, p.locale, p.passphrase, c.text_version, c.given, c.given_at
FROM profiles AS p
JOIN consents AS c ON c.tenant = p.tenant AND c.profile = p.id
WHERE p.tenant = $1::text AND p.account = $2::text AND p.state = 'enrolling'
ORDER BY c.id DESC LIMIT 1;
