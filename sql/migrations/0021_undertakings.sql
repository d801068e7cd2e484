-- Who does a request with an idempotency key: what another took over, it answers no more.

ALTER TABLE api_answers ADD COLUMN undertaking uuid;
COMMENT ON COLUMN api_answers.undertaking IS 'Who does or did it: another id each time that it is begun';
COMMENT ON COLUMN api_answers.created_at IS 'When it was begun, or last seen to be done still';
