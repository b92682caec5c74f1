-- When a signing key begins to sign: it is published before, so that every verifier has it by then.
-- migrate:up

SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';

-- `active` is the newest key; the one that signs is the latest whose time has come.
ALTER TABLE signing_keys ADD COLUMN signs_from timestamptz NOT NULL DEFAULT now();

-- migrate:down
-- Forward only: what was wrong is mended by a new migration.
