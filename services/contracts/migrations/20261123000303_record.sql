-- The record's terms, its revisions and documents; what people say of what was read, and the grid that shows both.
-- migrate:up

SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';

-- A draft has no document yet.
ALTER TABLE contracts ALTER COLUMN document_id DROP NOT NULL;
-- What was signed before it came in is warned about, never refused.
ALTER TABLE contracts ADD COLUMN imported boolean NOT NULL DEFAULT true;
-- Of the record; counts revisions.
ALTER TABLE contracts ADD COLUMN revision integer NOT NULL DEFAULT 0;
-- Terms that people have written, by path; null where they say that there is none.
ALTER TABLE contracts ADD COLUMN terms jsonb NOT NULL DEFAULT '{}';

CREATE TABLE revisions (
    org_id uuid NOT NULL,
    contract_id uuid NOT NULL,
    number integer NOT NULL,
    kind smallint NOT NULL,
    actor text NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    reason text NOT NULL,
    paths text [] NOT NULL,
    rule_pack text NOT NULL,
    -- The contract as it stood after the change.
    snapshot jsonb NOT NULL,
    PRIMARY KEY (org_id, contract_id, number),
    FOREIGN KEY (org_id, contract_id) REFERENCES contracts (org_id, id)
);

CREATE TABLE contract_documents (
    org_id uuid NOT NULL,
    contract_id uuid NOT NULL,
    number integer NOT NULL,
    document_id uuid NOT NULL,
    actor text NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    reason text NOT NULL,
    PRIMARY KEY (org_id, contract_id, number),
    FOREIGN KEY (org_id, contract_id) REFERENCES contracts (org_id, id),
    FOREIGN KEY (org_id, document_id) REFERENCES documents (org_id, id)
);

-- What a person said of a field of a contract, beside what was read.
CREATE TABLE reviews (
    org_id uuid NOT NULL,
    contract_id uuid NOT NULL,
    field text NOT NULL,
    number integer NOT NULL,
    -- A ReviewState of the schema; OPEN takes the one before back.
    review smallint NOT NULL,
    value text NOT NULL,
    unit text NOT NULL,
    reviewer text NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    reason text NOT NULL,
    read_value text NOT NULL,
    read_unit text NOT NULL,
    read_status smallint NOT NULL,
    operation_id uuid,
    PRIMARY KEY (org_id, contract_id, field, number),
    FOREIGN KEY (org_id, contract_id) REFERENCES contracts (org_id, id)
);

-- What holds now, one row for each field of each contract: worked out from the values and the reviews whenever one
-- of them changes, so that thousands of contracts can be filtered by it.
CREATE TABLE cells (
    org_id uuid NOT NULL,
    contract_id uuid NOT NULL,
    field text NOT NULL,
    -- A ValueStatus, a ReviewState and a ValueMethod of the schema.
    status smallint NOT NULL,
    review smallint NOT NULL,
    method smallint NOT NULL,
    value text NOT NULL,
    unit text NOT NULL,
    -- In the base unit of its kind, for ranges.
    number numeric,
    day date,
    value_count integer NOT NULL,
    outdated boolean NOT NULL,
    evidence jsonb,
    confidence numeric NOT NULL,
    reviewer text NOT NULL,
    reviewed_at timestamptz,
    review_reason text NOT NULL,
    -- Counts changes of this cell; its text is the etag.
    version integer NOT NULL DEFAULT 1,
    PRIMARY KEY (org_id, contract_id, field),
    FOREIGN KEY (org_id, contract_id) REFERENCES contracts (org_id, id)
);

CREATE INDEX cells_numbers ON cells (org_id, field, number) WHERE number IS NOT NULL;
CREATE INDEX cells_days ON cells (org_id, field, day) WHERE day IS NOT NULL;
CREATE INDEX cells_states ON cells (org_id, field, status, review);

CREATE TABLE column_sets (
    org_id uuid NOT NULL,
    id uuid NOT NULL,
    owner text NOT NULL,
    display_name text NOT NULL,
    fields text [] NOT NULL,
    shared boolean NOT NULL,
    version integer NOT NULL DEFAULT 1,
    PRIMARY KEY (org_id, id)
);

CREATE INDEX column_sets_names ON column_sets (org_id, owner, display_name);

-- History is written once. (Also a superuser's slip is refused; who means it drops the trigger, and is seen.)
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows of % are never changed', tg_table_name;
END
$$;

CREATE TRIGGER immutable BEFORE UPDATE ON revisions FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER immutable BEFORE UPDATE ON contract_documents FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER immutable BEFORE UPDATE ON reviews FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER immutable BEFORE UPDATE ON extracted_values FOR EACH ROW EXECUTE FUNCTION refuse_change();

ALTER TABLE revisions ENABLE ROW LEVEL SECURITY;
ALTER TABLE revisions FORCE ROW LEVEL SECURITY;
ALTER TABLE contract_documents ENABLE ROW LEVEL SECURITY;
ALTER TABLE contract_documents FORCE ROW LEVEL SECURITY;
ALTER TABLE reviews ENABLE ROW LEVEL SECURITY;
ALTER TABLE reviews FORCE ROW LEVEL SECURITY;
ALTER TABLE cells ENABLE ROW LEVEL SECURITY;
ALTER TABLE cells FORCE ROW LEVEL SECURITY;
ALTER TABLE column_sets ENABLE ROW LEVEL SECURITY;
ALTER TABLE column_sets FORCE ROW LEVEL SECURITY;

CREATE POLICY tenant ON revisions USING (org_id = current_org()) WITH CHECK (org_id = current_org());
CREATE POLICY tenant ON contract_documents USING (org_id = current_org()) WITH CHECK (org_id = current_org());
CREATE POLICY tenant ON reviews USING (org_id = current_org()) WITH CHECK (org_id = current_org());
CREATE POLICY tenant ON cells USING (org_id = current_org()) WITH CHECK (org_id = current_org());
CREATE POLICY tenant ON column_sets USING (org_id = current_org()) WITH CHECK (org_id = current_org());

-- migrate:down
-- Forward only: what was wrong is mended by a new migration.
