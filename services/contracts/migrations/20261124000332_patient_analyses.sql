-- Analyses in bulk: behind the others, and where wanted by batches, at half the price.
-- migrate:up

SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';

-- Asked for by an import: nobody looks at it, and an outage is waited for.
ALTER TABLE operations ADD COLUMN bulk boolean NOT NULL DEFAULT false;
ALTER TABLE operations ADD COLUMN patient boolean NOT NULL DEFAULT false;
-- Names of the AI gateway's batches that were asked, once all are.
ALTER TABLE operations ADD COLUMN batches text [] NOT NULL DEFAULT '{}';

-- migrate:down
-- Forward only: what was wrong is mended by a new migration.
