-- name: tell-desk
-- Take news of call $1 into what the desk shows of it.
--
-- To whom an earlier call of the same channel was offered, this one is too.
WITH owner AS (INSERT INTO tenants (tenant) VALUES ($2::text) ON CONFLICT DO NOTHING)
INSERT INTO desk_calls AS d (
    verification, tenant, number, call, worker, agents, claim_account, profile, news
)
VALUES (
    $1::uuid, $2::text, desk_next($2::text), $3::text, $4::text,
    ARRAY(
        SELECT unnest($5::text[]) UNION
        SELECT unnest(e.agents) FROM desk_calls AS e WHERE e.tenant = $2::text AND e.call = $3::text
    ),
    $6::text, $7::uuid, $8::text::jsonb
)
ON CONFLICT (verification) DO UPDATE
SET number = EXCLUDED.number, agents = ARRAY(SELECT DISTINCT unnest(d.agents || EXCLUDED.agents)),
    claim_account = coalesce(EXCLUDED.claim_account, d.claim_account),
    profile = coalesce(EXCLUDED.profile, d.profile), news = d.news || EXCLUDED.news;

-- name: forget-desk-calls
-- Take calls of tenant $1 that began before $2 off the desk.
DELETE FROM desk_calls WHERE tenant = $1::text AND began_at < $2::timestamptz;

-- name: erase-desk-calls
-- Take the calls of account $2 of tenant $1 off the desk, and off every screen that shows them.
WITH gone AS (
    DELETE FROM desk_calls WHERE tenant = $1::text AND claim_account = $2::text
    RETURNING verification
)
SELECT pg_notify('countersign_desk', 'gone ' || verification || ' ' || $1::text) FROM gone;

-- name: desk-cards
-- Return what changed on the desk of tenant $1 after number $2, to the eyes of agent $3 or, NULL, all.
--
-- Of more than 500 the newest: no screen shows as many. What began before $4 is on none. Where $5
-- is not NULL, call $5 alone.
-- LIMIT 1 and OFFSET 0 make PostgreSQL look each call's rows up by key, however many calls there
-- are: behind row-level security it takes no index for a comparison with coalesce().
SELECT
    d.number, d.verification, d.call, d.worker, d.agents,
    (d.news || jsonb_strip_nulls(jsonb_build_object(
        'id', d.verification, 'number', d.number, 'call', d.call,
        'account', coalesce(v.claim_account, d.claim_account), 'began_at', d.began_at,
        'verdict', v.verdict, 'reason', v.reason, 'explanation', v.explanation,
        'findings', nullif(v.findings, '{}'),
        'llr', v.llr, 'threshold', v.threshold, 'confidence', v.confidence,
        'decided_at', v.ended_at,
        'attempts', (
            SELECT jsonb_agg(jsonb_build_object(
                'reason', a.reason, 'llr', a.llr, 'phrase', a.phrase,
                'net_speech_s', a.net_speech_s, 'snr_db', a.snr_db,
                'replay', a.replay, 'replay_shift_s', a.replay_shift_s
            ) ORDER BY a.number)
            FROM attempts AS a WHERE a.verification = v.id
        ),
        'rejects', nullif(l.rejects, 0),
        'same_person', f.same_person,
        'history', (
            SELECT jsonb_agg(jsonb_build_object(
                'verdict', h.verdict, 'reason', h.reason, 'at', h.ended_at
            ))
            FROM (
                SELECT e.verdict, e.reason, e.ended_at FROM verifications AS e
                WHERE e.tenant = d.tenant AND e.profile = c.profile
                AND e.verdict IS NOT NULL AND e.id <> d.verification
                ORDER BY e.ended_at DESC LIMIT 5
            ) AS h
        )
    )))::text AS card
FROM (
    SELECT * FROM desk_calls AS e WHERE e.tenant = $1::text AND e.number > $2::bigint
    AND ($3::text IS NULL OR $3::text = ANY (e.agents))
    AND e.began_at >= $4::timestamptz
    AND ($5::uuid IS NULL OR e.verification = $5::uuid) ORDER BY e.number DESC LIMIT 500
) AS d
LEFT JOIN LATERAL (
    SELECT * FROM verifications AS w WHERE w.id = d.verification AND w.verdict IS NOT NULL LIMIT 1
) AS v ON true
CROSS JOIN LATERAL (SELECT coalesce(v.profile, d.profile) AS profile OFFSET 0) AS c
LEFT JOIN LATERAL (
    SELECT rejects FROM lockouts AS k WHERE k.profile = c.profile LIMIT 1
) AS l ON true
LEFT JOIN desk_feedback AS f ON f.verification = d.verification
ORDER BY d.number;

-- name: find-desk-call
-- Return the newest call of tenant $1 whose verification or channel is $2, to the eyes of agent $3.
--
-- What began before $4 is on no screen.
SELECT d.verification, d.number FROM desk_calls AS d
WHERE d.tenant = $1::text AND $2::text IN (d.verification::text, d.call)
AND ($3::text IS NULL OR $3::text = ANY (d.agents)) AND d.began_at >= $4::timestamptz
ORDER BY d.number DESC LIMIT 1;

-- name: offer-desk-call
-- Show call $2 of tenant $1 to agent $3 from now on.
WITH next AS MATERIALIZED (SELECT desk_next($1::text) AS number)
UPDATE desk_calls AS d
SET number = next.number, agents = ARRAY(SELECT DISTINCT unnest(d.agents || $3::text))
FROM next WHERE d.tenant = $1::text AND d.verification = $2::uuid;

-- name: desk-call-onward
-- Show the last call of channel $2 of tenant $1 to agents $3 too.
WITH next AS MATERIALIZED (SELECT desk_next($1::text) AS number)
UPDATE desk_calls AS d
SET number = next.number, agents = ARRAY(SELECT DISTINCT unnest(d.agents || $3::text[]))
FROM next WHERE d.tenant = $1::text AND d.verification = (
    SELECT e.verification FROM desk_calls AS e
    WHERE e.tenant = $1::text AND e.call = $2::text ORDER BY e.number DESC LIMIT 1
);

-- name: desk-caller-left
-- Show of every call of channel $2 of tenant $1 that the caller has left.
--
-- Each takes a number of its own.
UPDATE desk_calls AS d SET number = desk_next($1::text), news = d.news || '{"state": "gone"}'
WHERE d.tenant = $1::text AND d.call = $2::text;

-- name: note-on-desk-call
-- Add the keys of the JSON object $3 to what the desk shows of call $2 of tenant $1.
WITH next AS MATERIALIZED (SELECT desk_next($1::text) AS number)
UPDATE desk_calls AS d SET number = next.number, news = d.news || $3::text::jsonb
FROM next WHERE d.tenant = $1::text AND d.verification = $2::uuid;

-- name: move-step-up
-- Take what is asked for in call $2 of tenant $1 from state $3 to $4; no row where it is elsewhere.
WITH next AS MATERIALIZED (SELECT desk_next($1::text) AS number)
UPDATE desk_calls AS d
SET number = next.number, news = jsonb_set(d.news, '{step_up,state}', to_jsonb($4::text))
FROM next WHERE d.tenant = $1::text AND d.verification = $2::uuid
AND d.news #>> '{step_up,state}' = $3::text
RETURNING d.news #>> '{step_up,asked}' AS asked;

-- name: give-feedback
-- Note whether it was the person claimed who called in verification $2 of tenant $1.
INSERT INTO desk_feedback (verification, tenant, same_person, said_by)
SELECT v.id, v.tenant, $3::text = 'yes', $4::text FROM verifications AS v
WHERE v.tenant = $1::text AND v.id = $2::uuid AND v.verdict IS NOT NULL
ON CONFLICT (verification) DO UPDATE
SET same_person = EXCLUDED.same_person, said_by = EXCLUDED.said_by, said_at = now()
RETURNING verification;

-- name: list-feedback
-- Return what agents of tenant $1 found out about verifications, with their evidence, oldest first.
SELECT f.verification, f.same_person, f.said_at, v.verdict, v.reason, v.llr, v.model
FROM desk_feedback AS f JOIN verifications AS v ON v.id = f.verification
WHERE f.tenant = $1::text ORDER BY f.said_at;

-- name: desk-figures
-- Return the rates of tenant $1 between $2 and $3, as JSON.
WITH ended AS (
    SELECT v.id, v.verdict, v.reason, v.started_at, v.ended_at FROM verifications AS v
    WHERE v.tenant = $1::text AND v.ended_at >= $2::timestamptz AND v.ended_at < $3::timestamptz
    AND v.verdict IS NOT NULL
)
SELECT jsonb_build_object(
    'calls', (SELECT count(*) FROM ended),
    'verdicts', (
        SELECT jsonb_object_agg(c.verdict, c.n)
        FROM (SELECT verdict, count(*) AS n FROM ended GROUP BY verdict) AS c
    ),
    'reasons', (
        SELECT jsonb_agg(to_jsonb(c) ORDER BY c.n DESC, c.reason)
        FROM (SELECT verdict, reason, count(*) AS n FROM ended GROUP BY verdict, reason) AS c
    ),
    'hours', (
        SELECT jsonb_agg(to_jsonb(c) ORDER BY c.hour) FROM (
            SELECT date_trunc('hour', ended_at) AS hour, verdict, count(*) AS n
            FROM ended GROUP BY 1, 2
        ) AS c
    ),
    'median_s', (
        SELECT percentile_cont(0.5) WITHIN GROUP (
            ORDER BY extract(epoch FROM ended_at - started_at)
        ) FROM ended
    ),
    'line', (
        SELECT jsonb_build_object(
            'attempts', count(*), 'noisy', count(*) FILTER (WHERE a.snr_db < 12),
            'snr_db', percentile_cont(ARRAY[0.1, 0.5, 0.9]) WITHIN GROUP (ORDER BY a.snr_db),
            'net_speech_s', percentile_cont(0.5) WITHIN GROUP (ORDER BY a.net_speech_s)
        )
        FROM ended JOIN attempts AS a ON a.verification = ended.id WHERE a.snr_db IS NOT NULL
    ),
    'feedback', (
        SELECT jsonb_agg(to_jsonb(c)) FROM (
            SELECT ended.verdict, f.same_person, count(*) AS n
            FROM ended JOIN desk_feedback AS f ON f.verification = ended.id GROUP BY 1, 2
        ) AS c
    )
)::text AS figures;

-- name: desk-profiles
-- Return how the profiles of tenant $1 are, where voices are compared by model $2, as JSON.
SELECT jsonb_build_object(
    'states', (
        SELECT jsonb_object_agg(c.state, c.n) FROM (
            SELECT p.state, count(*) AS n FROM profiles AS p WHERE p.tenant = $1::text GROUP BY 1
        ) AS c
    ),
    'rejected', (SELECT count(*) FROM lockouts WHERE tenant = $1::text AND rejects > 0),
    'warned', (
        SELECT count(DISTINCT w.profile) FROM enrollment_warnings AS w
        WHERE w.tenant = $1::text AND w.settled_at IS NULL
    ),
    'other_model', (
        SELECT count(DISTINCT r.profile) FROM voiceprints AS r
        WHERE r.tenant = $1::text AND r.model <> $2::text
    ),
    'poor', (
        SELECT count(*) FROM (
            SELECT FROM voiceprints AS r WHERE r.tenant = $1::text
            GROUP BY r.profile HAVING avg(r.snr_db) < 12 OR sum(r.net_speech_s) < 3
        ) AS weak
    )
)::text AS profiles;

-- name: add-desk-user
-- Add a user of the desk, or give one of the same tenant another password, role, agent and stamp.
--
-- A row that this statement made has no xmax: what an update leaves has its own transaction's.
WITH owner AS (INSERT INTO tenants (tenant) VALUES ($2::text) ON CONFLICT DO NOTHING)
INSERT INTO desk_users (name, tenant, password, role, agent, stamp)
VALUES ($1::text, $2::text, $3::text, $4::text, $5::text, $6::bytea)
ON CONFLICT (name) DO UPDATE
SET password = EXCLUDED.password, role = EXCLUDED.role, agent = EXCLUDED.agent,
    stamp = EXCLUDED.stamp
WHERE desk_users.tenant = EXCLUDED.tenant RETURNING id, xmax = 0 AS added;

-- name: list-desk-users
-- Return the users of tenant $1's desk, by name.
SELECT id, name, tenant, role, agent FROM desk_users WHERE tenant = $1::text ORDER BY name;

-- name: remove-desk-user
-- Remove user $2 of tenant $1's desk and end their sessions; no row where there is none.
DELETE FROM desk_users WHERE tenant = $1::text AND name = $2::text RETURNING id;

-- name: find-desk-user
-- Return the user of name $1, of whatever tenant.
SELECT name, tenant, password, role, agent, stamp FROM desk_user($1::text);

-- name: begin-desk-session
-- Sign user $3 of tenant $2 in by the hash $1 of a cookie until $4; what is over is forgotten.
--
-- No row where $5 is not the hash of their password any more: it was changed while it was looked
-- at. FOR SHARE makes a change that comes now wait, and then it ends this session too. $6 is its stamp.
WITH over AS (DELETE FROM desk_sessions WHERE name = $3::text AND expires_at < now())
INSERT INTO desk_sessions (token, tenant, name, expires_at, stamp)
SELECT $1::bytea, u.tenant, u.name, $4::timestamptz, $6::bytea FROM desk_users AS u
WHERE u.tenant = $2::text AND u.name = $3::text AND u.password = $5::text FOR SHARE
RETURNING name;

-- name: find-desk-session
-- Return who is signed in by the hash $1 of a cookie, with the stamps of user and session.
SELECT name, tenant, password, role, agent, stamp, token, expires_at, session_stamp
FROM desk_session($1::bytea);

-- name: end-desk-session
-- Sign out who is signed in by the hash $2 of a cookie, at tenant $1.
DELETE FROM desk_sessions WHERE tenant = $1::text AND token = $2::bytea;

-- name: end-desk-sessions
-- Sign user $2 of tenant $1 out everywhere.
DELETE FROM desk_sessions WHERE tenant = $1::text AND name = $2::text;
