-- Which threshold a verification was judged by, now that tenants set their own.

ALTER TABLE verifications ADD COLUMN threshold double precision;
COMMENT ON COLUMN verifications.threshold IS 'The llr that the evidence had to reach; NULL where nothing was compared';
