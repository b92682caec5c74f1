-- Analyses that wait for batches, at half the price.
-- migrate:up

SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';

ALTER TABLE operations ADD COLUMN patient boolean NOT NULL DEFAULT false;
-- Names of the AI gateway's batches that were asked, once all are.
ALTER TABLE operations ADD COLUMN batches text [] NOT NULL DEFAULT '{}';

-- migrate:down
-- Forward only: what was wrong is mended by a new migration.
