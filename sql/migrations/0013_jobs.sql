-- Jobs: what any worker does behind the calls. What is to be done is in our own tables (voiceprints
-- of another model, batch_items that wait); the queue, pgqueuer's own (schema jobs, at the end of
-- this file), only hands it out, and holds ids alone. Losing the queue loses no work.

ALTER DOMAIN audit_event DROP CONSTRAINT audit_event_check;
ALTER DOMAIN audit_event ADD CHECK (VALUE IN (
    'verification_closed', 'profile_enrolled', 'enrollment_ended', 'profile_reset',
    'profile_erased', 'profile_opted_out', 'profile_expired', 'profile_exported',
    'profile_unlocked', 'caller_unlocked', 'records_expired', 'suspect_added', 'suspect_removed',
    'group_changed', 'keys_rotated', 'profile_begun', 'operating_point_changed', 'api_key_made',
    'api_key_revoked',
    'profile_reextracted'
));

CREATE TABLE voice_models (
    model text PRIMARY KEY CHECK (model <> ''),
    chosen_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE voice_models IS 'The voice models that workers were started with; profiles are moved to the newest';
COMMENT ON COLUMN voice_models.model IS 'Id of the voice model';
COMMENT ON COLUMN voice_models.chosen_at IS 'When a worker first had it, or an operator last chose it';

ALTER TABLE voiceprints ADD COLUMN live boolean NOT NULL DEFAULT true;
COMMENT ON COLUMN voiceprints.live IS 'Whether callers are compared with it; false: made for a change of the voice model that the profile has not finished';
CREATE INDEX voiceprints_by_model ON voiceprints (tenant, profile, model) WHERE live;

CREATE DOMAIN batch_kind AS text CHECK (VALUE IN ('enroll', 'verify'));
COMMENT ON DOMAIN batch_kind IS 'What a batch does with its recordings';
CREATE DOMAIN batch_item_state AS text CHECK (VALUE IN ('waiting', 'done', 'failed'));
COMMENT ON DOMAIN batch_item_state IS 'How far an item is; failed: it could not be done, such as for an unreadable file';

CREATE TABLE batches (
    id uuid PRIMARY KEY,
    tenant text NOT NULL REFERENCES tenants,
    kind batch_kind NOT NULL,
    terms jsonb NOT NULL,
    made_by text NOT NULL,
    made_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (tenant, id)
);
COMMENT ON TABLE batches IS 'Recordings in files that are enrolled or verified together';
COMMENT ON COLUMN batches.id IS 'Made by who submitted it';
COMMENT ON COLUMN batches.tenant IS 'Whose';
COMMENT ON COLUMN batches.kind IS 'What is done';
COMMENT ON COLUMN batches.terms IS 'What holds for all items, such as the consent';
COMMENT ON COLUMN batches.made_by IS 'The operator''s login';
COMMENT ON COLUMN batches.made_at IS 'When';

CREATE TABLE batch_items (
    batch uuid NOT NULL,
    number integer NOT NULL CHECK (number > 0),
    tenant text NOT NULL,
    account text NOT NULL CHECK (char_length(account) BETWEEN 1 AND 128),
    paths text[] NOT NULL CHECK (cardinality(paths) > 0),
    state batch_item_state NOT NULL DEFAULT 'waiting',
    outcome jsonb NOT NULL DEFAULT '{}',
    ended_at timestamptz,
    PRIMARY KEY (batch, number),
    FOREIGN KEY (tenant, batch) REFERENCES batches (tenant, id) ON DELETE CASCADE,
    CHECK ((state = 'waiting') = (ended_at IS NULL))
);
CREATE INDEX batch_items_of_account ON batch_items (tenant, account);
COMMENT ON TABLE batch_items IS 'What a batch has to do: paths of recordings, never the recordings';
COMMENT ON COLUMN batch_items.batch IS 'The batch';
COMMENT ON COLUMN batch_items.number IS 'Counted from 1';
COMMENT ON COLUMN batch_items.tenant IS 'Whose';
COMMENT ON COLUMN batch_items.account IS 'Who is enrolled or claimed';
COMMENT ON COLUMN batch_items.paths IS 'Where the recordings are, the same for every worker';
COMMENT ON COLUMN batch_items.state IS 'How far it is';
COMMENT ON COLUMN batch_items.outcome IS 'What came of it, as the report tells it';
COMMENT ON COLUMN batch_items.ended_at IS 'When it ended; NULL until then';

GRANT SELECT, INSERT, UPDATE ON voice_models TO countersign_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON batches, batch_items TO countersign_app;
ALTER TABLE batches ENABLE ROW LEVEL SECURITY;
CREATE POLICY by_tenant ON batches USING (tenant = current_tenant());
ALTER TABLE batch_items ENABLE ROW LEVEL SECURITY;
CREATE POLICY by_tenant ON batch_items USING (tenant = current_tenant());

-- From here on what `pgqueuer sql install` prints (pgqueuer 1.6.0, schema jobs, durable); a test
-- asks the installed pgqueuer whether it would change anything.

CREATE SCHEMA jobs;

CREATE TYPE jobs.pgqueuer_status AS ENUM ('queued', 'picked', 'successful', 'exception', 'canceled', 'deleted', 'failed');

CREATE TABLE jobs.pgqueuer (
    id bigserial NOT NULL PRIMARY KEY,
    priority integer NOT NULL,
    queue_manager_id uuid,
    created timestamp with time zone NOT NULL DEFAULT now(),
    updated timestamp with time zone NOT NULL DEFAULT now(),
    heartbeat timestamp with time zone NOT NULL DEFAULT now(),
    execute_after timestamp with time zone NOT NULL DEFAULT now(),
    status jobs.pgqueuer_status NOT NULL,
    entrypoint text NOT NULL,
    dedupe_key text,
    payload bytea,
    headers jsonb,
    attempts integer NOT NULL DEFAULT 0,
    slot bigint
);

CREATE TABLE jobs.pgqueuer_log (
    id bigint GENERATED BY DEFAULT AS IDENTITY NOT NULL PRIMARY KEY,
    created timestamp with time zone NOT NULL DEFAULT now(),
    job_id bigint NOT NULL,
    status jobs.pgqueuer_status NOT NULL,
    priority integer NOT NULL,
    entrypoint text NOT NULL,
    traceback jsonb,
    aggregated boolean DEFAULT false
);

CREATE TABLE jobs.pgqueuer_schedules (
    id bigserial NOT NULL PRIMARY KEY,
    expression text NOT NULL,
    entrypoint text NOT NULL,
    heartbeat timestamp with time zone NOT NULL DEFAULT now(),
    created timestamp with time zone NOT NULL DEFAULT now(),
    updated timestamp with time zone NOT NULL DEFAULT now(),
    next_run timestamp with time zone NOT NULL DEFAULT now(),
    last_run timestamp with time zone,
    status jobs.pgqueuer_status DEFAULT 'queued'::jobs.pgqueuer_status,
    UNIQUE (expression, entrypoint)
);

CREATE TABLE jobs.pgqueuer_statistics (
    id bigserial NOT NULL PRIMARY KEY,
    created timestamp with time zone NOT NULL DEFAULT date_trunc('sec'::text, now()),
    count bigint NOT NULL,
    priority integer NOT NULL,
    status jobs.pgqueuer_status NOT NULL,
    entrypoint text NOT NULL
);

CREATE INDEX pgqueuer_ep_ea_idx ON jobs.pgqueuer USING btree (entrypoint, execute_after) WHERE (status = 'queued'::jobs.pgqueuer_status);

CREATE INDEX pgqueuer_ep_prio_id_idx ON jobs.pgqueuer USING btree (entrypoint, priority DESC, id) WHERE (status = 'queued'::jobs.pgqueuer_status);

CREATE INDEX pgqueuer_log_created ON jobs.pgqueuer_log USING btree (created);

CREATE INDEX pgqueuer_log_job_id_status ON jobs.pgqueuer_log USING btree (job_id, created DESC);

CREATE INDEX pgqueuer_log_not_aggregated ON jobs.pgqueuer_log USING btree ((1)) WHERE (NOT aggregated);

CREATE INDEX pgqueuer_log_status ON jobs.pgqueuer_log USING btree (status);

CREATE INDEX pgqueuer_picked_heartbeat_idx ON jobs.pgqueuer USING btree (heartbeat) WHERE (status = 'picked'::jobs.pgqueuer_status);

CREATE UNIQUE INDEX pgqueuer_picked_slot_idx ON jobs.pgqueuer USING btree (entrypoint, slot) WHERE ((status = 'picked'::jobs.pgqueuer_status) AND (slot IS NOT NULL));

CREATE INDEX pgqueuer_priority_id_id1_idx ON jobs.pgqueuer USING btree (priority, id DESC) INCLUDE (id) WHERE (status = 'queued'::jobs.pgqueuer_status);

CREATE INDEX pgqueuer_queue_manager_id_idx ON jobs.pgqueuer USING btree (queue_manager_id) WHERE (queue_manager_id IS NOT NULL);

CREATE UNIQUE INDEX pgqueuer_statistics_unique_count ON jobs.pgqueuer_statistics USING btree (priority, date_trunc('sec'::text, timezone('UTC'::text, created)), status, entrypoint);

CREATE UNIQUE INDEX pgqueuer_unique_dedupe_key ON jobs.pgqueuer USING btree (dedupe_key) WHERE ((status = ANY (ARRAY['queued'::jobs.pgqueuer_status, 'picked'::jobs.pgqueuer_status])) AND (dedupe_key IS NOT NULL));

CREATE INDEX pgqueuer_updated_id_id1_idx ON jobs.pgqueuer USING btree (updated, id DESC) INCLUDE (id) WHERE (status = 'picked'::jobs.pgqueuer_status);

CREATE FUNCTION jobs.fn_pgqueuer_changed() RETURNS TRIGGER AS $$
DECLARE
    to_emit BOOLEAN := false;  -- Flag to decide whether to emit a notification
BEGIN
    -- Check operation type and set the emit flag accordingly
    IF TG_OP = 'UPDATE' AND OLD IS DISTINCT FROM NEW THEN
        to_emit := true;
    ELSIF TG_OP = 'DELETE' THEN
        to_emit := true;
    ELSIF TG_OP = 'INSERT' THEN
        to_emit := true;
    ELSIF TG_OP = 'TRUNCATE' THEN
        to_emit := true;
    END IF;

    -- Perform notification if the emit flag is set
    IF to_emit THEN
        PERFORM pg_notify(
            'ch_pgqueuer',
            json_build_object(
                'channel', 'ch_pgqueuer',
                'operation', lower(TG_OP),
                'sent_at', NOW(),
                'table', TG_TABLE_NAME,
                'type', 'table_changed_event'
            )::text
        );
    END IF;

    -- Return appropriate value based on the operation
    IF TG_OP IN ('INSERT', 'UPDATE') THEN
        RETURN NEW;
    ELSIF TG_OP = 'DELETE' THEN
        RETURN OLD;
    ELSE
        RETURN NULL; -- For TRUNCATE and other non-row-specific contexts
    END IF;

END;
$$ LANGUAGE plpgsql;

CREATE TRIGGER tg_pgqueuer_changed
AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON jobs.pgqueuer
EXECUTE FUNCTION jobs.fn_pgqueuer_changed();

COMMENT ON SCHEMA jobs IS 'The queue of jobs, as pgqueuer makes and uses it: ids alone, of no tenant';
GRANT USAGE ON SCHEMA jobs TO countersign_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA jobs TO countersign_app;
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA jobs TO countersign_app;
