-- name: begin-profile
-- Make a profile that waits for recordings, or begin one anew that nobody uses; else no row.
INSERT INTO profiles AS p (id, tenant, account, state, mode, locale, passphrase)
VALUES ($1::uuid, $2::text, $3::text, 'enrolling', $4::text, $5::text, $6::text)
ON CONFLICT (tenant, account) DO UPDATE
SET state = 'enrolling', mode = EXCLUDED.mode, locale = EXCLUDED.locale,
    passphrase = EXCLUDED.passphrase, tenant_key = NULL, data_key = NULL,
    changed_at = now(), used_at = now()
WHERE p.state = 'expired' OR (
    p.state = 'enrolling' AND NOT EXISTS (SELECT FROM consents AS c WHERE c.profile = p.id)
)
RETURNING id;

-- name: find-draft
-- Return the terms of the profile of tenant $1 and account $2, if it waits for recordings.
SELECT p.id, p.mode, p.locale, p.passphrase, c.text_version, c.given, c.given_at
FROM profiles AS p
JOIN consents AS c ON c.tenant = p.tenant AND c.profile = p.id
WHERE p.tenant = $1::text AND p.account = $2::text AND p.state = 'enrolling'
ORDER BY c.id DESC LIMIT 1;
