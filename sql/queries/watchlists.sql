-- name: suspects-of-tenant
-- Return the suspects of tenant $1 with their voiceprints, in the order in which they were added.
--
-- Of a suspect no parts of a passphrase are kept: callers may say anything.
SELECT
    s.id, s.tenant, s.tenant_key, s.data_key,
    array_agg(s.id ORDER BY v.id) AS voiceprint_recordings,
    array_agg(v.model ORDER BY v.id) AS models,
    array_agg(v.embedding ORDER BY v.id) AS embeddings,
    array_agg(NULL::bytea) AS parts,
    array_agg(v.seal ORDER BY v.id) AS seals,
    array_agg(
        ARRAY[v.net_speech_s, v.snr_db, v.level_dbfs, v.clipped] ORDER BY v.id
    ) AS qualities
FROM suspects AS s
JOIN suspect_voiceprints AS v ON v.tenant = s.tenant AND v.suspect = s.id
WHERE s.tenant = $1::text
GROUP BY s.id
ORDER BY s.created_at, s.id;

-- name: note-watchlist
-- Make sure that tenant $1 has a watchlist named $2.
INSERT INTO watchlists (tenant, name) VALUES ($1::text, $2::text) ON CONFLICT DO NOTHING;

-- name: add-suspect
-- Write suspect $1 of watchlist $3 of tenant $2, its data key wrapped by generation $4 as $5.
INSERT INTO suspects (id, tenant, watchlist, tenant_key, data_key)
VALUES ($1::uuid, $2::text, $3::text, $4::integer, $5::bytea);

-- name: add-suspect-voiceprint
-- Write a voiceprint of suspect $2 of tenant $1, with its seal.
INSERT INTO suspect_voiceprints (
    tenant, suspect, model, embedding, seal, net_speech_s, snr_db, level_dbfs, clipped
)
VALUES (
    $1::text, $2::uuid, $3::text, $4::bytea, $5::bytea,
    $6::double precision, $7::double precision, $8::double precision, $9::double precision
);

-- name: remove-suspect
-- Delete suspect $2 of tenant $1 with its key and voiceprints; no row where there is none.
DELETE FROM suspects WHERE tenant = $1::text AND id = $2::uuid RETURNING id;

-- name: note-group
-- Make sure that tenant $1 has a group named $2.
INSERT INTO groups (tenant, name) VALUES ($1::text, $2::text) ON CONFLICT DO NOTHING;

-- name: join-group
-- Let profile $3 of tenant $1 be a member of group $2, with the stamp $4.
INSERT INTO group_members (tenant, name, profile, stamp)
VALUES ($1::text, $2::text, $3::uuid, $4::bytea)
ON CONFLICT (tenant, name, profile) DO UPDATE SET stamp = EXCLUDED.stamp;

-- name: leave-group
-- Let tenant $1's account $3 no longer be a member of group $2; no row where it was none.
DELETE FROM group_members AS g USING profiles AS p
WHERE g.tenant = $1::text AND g.name = $2::text
AND p.tenant = g.tenant AND p.id = g.profile AND p.account = $3::text
RETURNING p.id AS profile;
