-- name: order-batch
-- Make batch $1 of tenant $2: kind $3, called $4, of $7 items below folder $5, ordered by $6; no row where one is called so.
INSERT INTO batches (id, tenant, kind, name, folder, ordered_by, items)
VALUES ($1::uuid, $2::text, $3::text, $4::bytea, $5::text, $6::text, $7::integer)
ON CONFLICT (tenant, name) DO NOTHING
RETURNING id;

-- name: batch-called
-- Return which batch of tenant $1 is called $2.
SELECT id FROM batches WHERE tenant = $1::text AND name = $2::bytea;

-- name: add-batch-items
-- Add the items $3, a JSON array, to batch $2 of tenant $1.
INSERT INTO batch_items (
    id, tenant, batch, number, account, files, text_version, consented_at, locale, mode, phrase,
    stamp
)
SELECT
    i.id, $1::text, $2::uuid, i.number, i.account,
    ARRAY(SELECT jsonb_array_elements_text(i.files)),
    i.text_version, i.consented_at, i.locale, i.mode, i.phrase, decode(i.stamp, 'hex')
FROM jsonb_to_recordset($3::jsonb) AS i (
    id uuid, number integer, account text, files jsonb, text_version text,
    consented_at timestamptz, locale text, mode text, phrase text, stamp text
);

-- name: open-batch-items
-- Return at most $4 items of tenant $1 below folder $2 that are still to be done, by id, after $3.
SELECT i.id FROM batch_items AS i JOIN batches AS b ON b.id = i.batch
WHERE i.tenant = $1::text AND i.ended_at IS NULL AND b.folder = $2::text AND i.id > $3::uuid
ORDER BY i.id LIMIT $4::bigint;

-- name: find-batch-item
-- Return item $2 of tenant $1, if it is still to be done, with what its batch says of it.
SELECT
    i.id, i.account, i.files, i.text_version, i.consented_at, i.locale, i.mode, i.phrase,
    i.stamp, b.kind, b.ordered_by
FROM batch_items AS i JOIN batches AS b ON b.id = i.batch
WHERE i.tenant = $1::text AND i.id = $2::uuid AND i.ended_at IS NULL;

-- name: hold-batch-item
-- Keep item $2 of tenant $1 from being forgotten until the transaction ends; no row where it is gone.
SELECT id FROM batch_items WHERE tenant = $1::text AND id = $2::uuid FOR KEY SHARE;

-- name: remark-batch-item
-- Note what became of each file of item $2 of tenant $1, before its enrollment is stored.
UPDATE batch_items SET remarks = $3::text[]
WHERE tenant = $1::text AND id = $2::uuid AND (ended_at IS NULL OR result = 'CANCELLED');

-- name: end-batch-item
-- Note that item $2 of tenant $1 ended with $3 and reason $4, unless it had; no row where it is gone.
--
-- What a worker had begun when the rest was cancelled is done: the report says so.
WITH ended AS (
    UPDATE batch_items SET result = $3::text, reason = $4::text, ended_at = now()
    WHERE tenant = $1::text AND id = $2::uuid
    AND (ended_at IS NULL OR (result = 'CANCELLED' AND $3::text <> 'CANNOT'))
)
SELECT id FROM batch_items WHERE tenant = $1::text AND id = $2::uuid;

-- name: list-batches
-- Return the $2 newest batches of tenant $1.
SELECT id, kind, items, folder, ordered_by, ordered_at
FROM batches WHERE tenant = $1::text ORDER BY ordered_at DESC, id LIMIT $2::bigint;

-- name: find-batch
-- Return batch $2 of tenant $1.
SELECT id, kind, items, folder, ordered_by, ordered_at
FROM batches WHERE tenant = $1::text AND id = $2::uuid;

-- name: results-of-batch
-- Return how many items of batch $2 of tenant $1 ended with each result; NULL is still to be done.
SELECT result, count(*) AS items
FROM batch_items WHERE tenant = $1::text AND batch = $2::uuid GROUP BY result ORDER BY result;

-- name: report-of-batch
-- Return at most $4 items of batch $2 of tenant $1 after number $3, in order, with what was decided.
SELECT
    i.number, i.id, i.account, i.files, i.remarks, i.result, i.reason, i.ended_at,
    v.llr, v.confidence
FROM batch_items AS i LEFT JOIN verifications AS v ON v.id = i.id
WHERE i.tenant = $1::text AND i.batch = $2::uuid AND i.number > $3::integer
ORDER BY i.number LIMIT $4::bigint;

-- name: retry-batch
-- Let at most $3 items of batch $2 of tenant $1 that could not be done be done again, and return them.
UPDATE batch_items SET result = NULL, reason = NULL, remarks = NULL, ended_at = NULL
WHERE id = ANY (ARRAY(
    SELECT id FROM batch_items
    WHERE tenant = $1::text AND batch = $2::uuid AND result = 'CANNOT' LIMIT $3::bigint
))
RETURNING id;

-- name: cancel-batch
-- Let at most $3 items of batch $2 of tenant $1 not be done, for reason $4, and return them.
UPDATE batch_items SET result = 'CANCELLED', reason = $4::text, ended_at = now()
WHERE id = ANY (ARRAY(
    SELECT id FROM batch_items
    WHERE tenant = $1::text AND batch = $2::uuid AND ended_at IS NULL LIMIT $3::bigint
)) AND ended_at IS NULL
RETURNING id;

-- name: forget-batch-items
-- Delete what batches of tenant $1 say of account $2, and the batches that say nothing of others.
WITH emptied AS (
    DELETE FROM batches WHERE id = ANY (ARRAY(
        SELECT i.batch FROM batch_items AS i
        WHERE i.tenant = $1::text AND i.account = $2::text
        AND NOT EXISTS (
            SELECT FROM batch_items AS o WHERE o.batch = i.batch AND o.account <> $2::text
        )
    ))
)
DELETE FROM batch_items WHERE tenant = $1::text AND account = $2::text;

-- name: forget-batches
-- Delete at most $3 items of tenant $1 that ended before $2, and the batches all of whose items did.
WITH outlived AS (
    SELECT id, batch FROM batch_items
    WHERE tenant = $1::text AND ended_at < $2::timestamptz
    ORDER BY ended_at LIMIT $3::bigint FOR UPDATE SKIP LOCKED
),
emptied AS (
    DELETE FROM batches WHERE id = ANY (ARRAY(SELECT batch FROM outlived)) AND NOT EXISTS (
        SELECT FROM batch_items AS o
        WHERE o.batch = batches.id AND o.id NOT IN (SELECT id FROM outlived)
    )
),
gone AS (DELETE FROM batch_items WHERE id = ANY (ARRAY(SELECT id FROM outlived)))
SELECT count(*) AS forgotten FROM outlived;
