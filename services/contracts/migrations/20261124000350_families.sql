-- Links between contracts, and which document of a family holds before the others.
-- migrate:up

SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';

CREATE TABLE contract_links (
    org_id uuid NOT NULL,
    contract_id uuid NOT NULL,
    id uuid NOT NULL,
    target_id uuid NOT NULL,
    -- A LinkKind of the schema.
    kind smallint NOT NULL,
    effective_date date,
    ordinal integer NOT NULL,
    creator text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    -- Its text is the etag.
    version integer NOT NULL DEFAULT 1,
    PRIMARY KEY (org_id, contract_id, id),
    UNIQUE (org_id, contract_id, target_id),
    FOREIGN KEY (org_id, contract_id) REFERENCES contracts (org_id, id),
    FOREIGN KEY (org_id, target_id) REFERENCES contracts (org_id, id),
    CHECK (contract_id <> target_id)
);

CREATE INDEX contract_links_targets ON contract_links (org_id, target_id);

CREATE TABLE precedences (
    org_id uuid NOT NULL,
    contract_id uuid NOT NULL,
    -- The contracts in their order, the one that holds before the others first.
    members uuid [] NOT NULL,
    version integer NOT NULL DEFAULT 1,
    PRIMARY KEY (org_id, contract_id),
    FOREIGN KEY (org_id, contract_id) REFERENCES contracts (org_id, id)
);

ALTER TABLE contract_links ENABLE ROW LEVEL SECURITY;
ALTER TABLE contract_links FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON contract_links USING (org_id = current_org()) WITH CHECK (org_id = current_org());
ALTER TABLE precedences ENABLE ROW LEVEL SECURITY;
ALTER TABLE precedences FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON precedences USING (org_id = current_org()) WITH CHECK (org_id = current_org());

-- migrate:down
-- Forward only: what was wrong is mended by a new migration.
