-- name: make-installation
-- Write the installation's secret, wrapped by master key $1 as $2, unless there is one.
INSERT INTO installation (master, secret) VALUES ($1::text, $2::bytea) ON CONFLICT DO NOTHING;

-- name: find-installation
-- Return the installation's secret as it is wrapped.
SELECT master, secret FROM installation;

-- name: rewrap-installation
-- Keep the installation's secret as master key $1 wraps it, $2.
UPDATE installation SET master = $1::text, secret = $2::bytea;

-- name: find-tenant-key
-- Return generation $2 of the key of tenant $1.
SELECT tenant, generation, master, wrapped
FROM tenant_keys WHERE tenant = $1::text AND generation = $2::integer;

-- name: newest-tenant-key
-- Return the newest key of tenant $1; no row where it has none, or where it is being forgotten.
--
-- Nobody forgets it while what is written by it is under way.
SELECT tenant, generation, master, wrapped
FROM tenant_keys WHERE tenant = $1::text ORDER BY generation DESC LIMIT 1 FOR KEY SHARE;

-- name: keys-of-tenant
-- Return all keys of tenant $1, the older ones too.
SELECT tenant, generation, master, wrapped
FROM tenant_keys WHERE tenant = $1::text ORDER BY generation;

-- name: add-tenant-key
-- Write generation $2 of the key of tenant $1, wrapped by master key $3 as $4, unless it is there.
--
-- Nor where a later one is.
INSERT INTO tenant_keys (tenant, generation, master, wrapped)
SELECT $1::text, $2::integer, $3::text, $4::bytea
WHERE NOT EXISTS (
    SELECT FROM tenant_keys WHERE tenant = $1::text AND generation >= $2::integer
)
ON CONFLICT DO NOTHING;

-- name: tenant-keys-of-other-masters
-- Return and lock the keys of tenant $1 that another master key than $2 wraps.
SELECT tenant, generation, master, wrapped
FROM tenant_keys WHERE tenant = $1::text AND master <> $2::text
ORDER BY generation FOR UPDATE;

-- name: rewrap-tenant-key
-- Keep generation $2 of the key of tenant $1 as master key $3 wraps it, $4.
UPDATE tenant_keys SET master = $3::text, wrapped = $4::bytea
WHERE tenant = $1::text AND generation = $2::integer;

-- name: hold-older-tenant-keys
-- Lock the keys of tenant $1 before generation $2, once nobody is writing by them.
SELECT generation FROM tenant_keys
WHERE tenant = $1::text AND generation < $2::integer ORDER BY generation FOR UPDATE;

-- name: forget-tenant-keys
-- Delete the keys of tenant $1 before generation $2 that nobody's data key is wrapped by.
DELETE FROM tenant_keys AS k
WHERE k.tenant = $1::text AND k.generation < $2::integer
AND (
    SELECT p.id FROM profiles AS p WHERE p.tenant = k.tenant AND p.tenant_key = k.generation
    ORDER BY p.id LIMIT 1
) IS NULL
AND (
    SELECT s.id FROM suspects AS s WHERE s.tenant = k.tenant AND s.tenant_key = k.generation
    ORDER BY s.id LIMIT 1
) IS NULL;

-- name: profiles-of-older-keys
-- Return and lock at most $3 profiles of tenant $1 whose key is of a generation before $2.
SELECT id, account, tenant_key, data_key
FROM profiles WHERE tenant = $1::text AND tenant_key < $2::integer
ORDER BY tenant_key, id LIMIT $3::bigint FOR NO KEY UPDATE;

-- name: rekey-profile
-- Keep the data key of profile $2 of tenant $1 as generation $3 of the tenant's key wraps it, $4.
UPDATE profiles SET tenant_key = $3::integer, data_key = $4::bytea
WHERE tenant = $1::text AND id = $2::uuid;

-- name: voiceprints-of-profile
-- Return the voiceprints of profile $2 of tenant $1 as they are stored.
SELECT id, recording, model, embedding, parts, net_speech_s, snr_db, level_dbfs, clipped, seal
FROM voiceprints WHERE tenant = $1::text AND profile = $2::uuid ORDER BY id;

-- name: turn-voiceprint
-- Keep voiceprint $2 of tenant $1 turned anew, $3, with its seal $4 and its parts $5.
UPDATE voiceprints SET embedding = $3::bytea, seal = $4::bytea, parts = $5::bytea
WHERE tenant = $1::text AND id = $2::bigint;

-- name: suspects-of-older-keys
-- Return and lock at most $3 suspects of tenant $1 whose key is of a generation before $2.
SELECT id, tenant_key, data_key
FROM suspects WHERE tenant = $1::text AND tenant_key < $2::integer
ORDER BY tenant_key, id LIMIT $3::bigint FOR NO KEY UPDATE;

-- name: rekey-suspect
-- Keep the data key of suspect $2 of tenant $1 as generation $3 of the tenant's key wraps it, $4.
UPDATE suspects SET tenant_key = $3::integer, data_key = $4::bytea
WHERE tenant = $1::text AND id = $2::uuid;

-- name: voiceprints-of-suspect
-- Return the voiceprints of suspect $2 of tenant $1 as they are stored.
SELECT
    id, suspect AS recording, model, embedding, NULL::bytea AS parts, net_speech_s, snr_db,
    level_dbfs, clipped, seal
FROM suspect_voiceprints WHERE tenant = $1::text AND suspect = $2::uuid ORDER BY id;

-- name: turn-suspect-voiceprint
-- Keep voiceprint $2 of a suspect of tenant $1 turned anew, $3, with its seal $4.
UPDATE suspect_voiceprints SET embedding = $3::bytea, seal = $4::bytea
WHERE tenant = $1::text AND id = $2::bigint;
