-- What calls access tokens back before they end, and what a person is shown of its sessions.
-- migrate:up

SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';

-- Tokens carry it; those with an older one are refused. It grows when what the user may do changes.
ALTER TABLE users ADD COLUMN epoch bigint NOT NULL DEFAULT 1;

ALTER TABLE sessions ADD COLUMN user_agent text NOT NULL DEFAULT '';

-- migrate:down
-- Forward only: what was wrong is mended by a new migration.
