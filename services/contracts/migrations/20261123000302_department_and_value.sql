-- Whose a contract is and what it is worth: what conditions of roles ask about.
-- migrate:up

SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';

-- NULL where nobody has said it.
ALTER TABLE contracts ADD COLUMN department text CHECK (department <> '');
ALTER TABLE contracts ADD COLUMN value_amount numeric(19, 4);
ALTER TABLE contracts ADD COLUMN value_currency text
CHECK ((value_currency IS NULL) = (value_amount IS NULL));

-- migrate:down
-- Forward only: what was wrong is mended by a new migration.
