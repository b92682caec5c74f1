-- The heads of other services' audit chains, as they were signed last.
-- migrate:up

SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';

CREATE TABLE audit_foreign_heads (
    org_id uuid NOT NULL,
    -- The workload that asked: `contracts`.
    chain text NOT NULL,
    seq bigint NOT NULL,
    hash bytea NOT NULL,
    PRIMARY KEY (org_id, chain)
);

ALTER TABLE audit_foreign_heads ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_foreign_heads FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON audit_foreign_heads USING (org_id = current_org()) WITH CHECK (org_id = current_org());

-- migrate:down
-- Forward only: what was wrong is mended by a new migration.
