-- name: tell-desk
-- Take news of call $1 into what the desk shows of it.
WITH owner AS (INSERT INTO tenants (tenant) VALUES ($2::text) ON CONFLICT DO NOTHING)
INSERT INTO desk_calls AS d (
    verification, tenant, number, call, worker, agents, claim_account, profile, news
)
VALUES (
    $1::uuid, $2::text, desk_next($2::text), $3::text, $4::text, $5::text[], $6::text, $7::uuid,
    $8::text::jsonb
)
ON CONFLICT (verification) DO UPDATE
SET number = EXCLUDED.number, agents = ARRAY(SELECT DISTINCT unnest(d.agents || EXCLUDED.agents)),
    claim_account = coalesce(EXCLUDED.claim_account, d.claim_account),
    profile = coalesce(EXCLUDED.profile, d.profile), news = d.news || EXCLUDED.news;

-- name: forget-desk-calls
-- Take calls of tenant $1 that began before $2 off the desk.
DELETE FROM desk_calls WHERE tenant = $1::text AND began_at < $2::timestamptz;
