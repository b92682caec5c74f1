-- How long contracts are kept: deleted ones, retention classes, legal holds.
-- migrate:up

SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';

CREATE TABLE retention_classes (
    org_id uuid NOT NULL,
    id uuid NOT NULL,
    display_name text NOT NULL,
    years integer NOT NULL,
    -- A RetentionAnchor and a Disposal of the schema.
    anchor smallint NOT NULL,
    disposal smallint NOT NULL,
    -- Its text is the etag.
    version integer NOT NULL DEFAULT 1,
    PRIMARY KEY (org_id, id)
);

CREATE INDEX retention_classes_names ON retention_classes (org_id, display_name, id);

-- Who deleted it; from when it is purged.
ALTER TABLE contracts ADD COLUMN deleter text;
ALTER TABLE contracts ADD COLUMN purge_at timestamptz;
ALTER TABLE contracts ADD COLUMN retention_class_id uuid;
-- squawk-ignore adding-foreign-key-constraint -- the column was just added: no row has one
ALTER TABLE contracts ADD CONSTRAINT contracts_retention_class
FOREIGN KEY (org_id, retention_class_id) REFERENCES retention_classes (org_id, id) NOT VALID;

-- squawk-ignore require-concurrent-index-creation -- nothing was released yet: the table is small
CREATE INDEX contracts_deleted ON contracts (org_id, deleted_at DESC, id DESC) WHERE deleted_at IS NOT NULL;
-- squawk-ignore require-concurrent-index-creation -- nothing was released yet: the table is small
CREATE INDEX contracts_retained ON contracts (org_id, retention_class_id) WHERE retention_class_id IS NOT NULL;

CREATE TABLE holds (
    org_id uuid NOT NULL,
    id uuid NOT NULL,
    display_name text NOT NULL,
    creator text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (org_id, id)
);

CREATE TABLE contract_holds (
    org_id uuid NOT NULL,
    contract_id uuid NOT NULL,
    hold_id uuid NOT NULL,
    number integer NOT NULL,
    placer text NOT NULL,
    placed_at timestamptz NOT NULL DEFAULT now(),
    reason text NOT NULL,
    lifter text,
    lifted_at timestamptz,
    lift_reason text,
    PRIMARY KEY (org_id, contract_id, hold_id, number),
    FOREIGN KEY (org_id, contract_id) REFERENCES contracts (org_id, id),
    FOREIGN KEY (org_id, hold_id) REFERENCES holds (org_id, id)
);

CREATE UNIQUE INDEX contract_holds_now ON contract_holds (org_id, contract_id, hold_id) WHERE lifted_at IS NULL;
CREATE INDEX contract_holds_of ON contract_holds (org_id, hold_id) WHERE lifted_at IS NULL;

-- Files of purged contracts. They go a day later: by then a call that brought the same file in has its row.
CREATE TABLE purged_objects (
    org_id uuid NOT NULL,
    object_key text NOT NULL,
    purged_at timestamptz NOT NULL,
    PRIMARY KEY (org_id, object_key)
);

ALTER TABLE retention_classes ENABLE ROW LEVEL SECURITY;
ALTER TABLE retention_classes FORCE ROW LEVEL SECURITY;
ALTER TABLE holds ENABLE ROW LEVEL SECURITY;
ALTER TABLE holds FORCE ROW LEVEL SECURITY;
ALTER TABLE contract_holds ENABLE ROW LEVEL SECURITY;
ALTER TABLE contract_holds FORCE ROW LEVEL SECURITY;
ALTER TABLE purged_objects ENABLE ROW LEVEL SECURITY;
ALTER TABLE purged_objects FORCE ROW LEVEL SECURITY;

CREATE POLICY tenant ON retention_classes USING (org_id = current_org()) WITH CHECK (org_id = current_org());
CREATE POLICY tenant ON holds USING (org_id = current_org()) WITH CHECK (org_id = current_org());
CREATE POLICY tenant ON contract_holds USING (org_id = current_org()) WITH CHECK (org_id = current_org());
CREATE POLICY tenant ON purged_objects USING (org_id = current_org()) WITH CHECK (org_id = current_org());

-- migrate:down
-- Forward only: what was wrong is mended by a new migration.
