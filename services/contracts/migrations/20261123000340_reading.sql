-- What an analysis reads, in how many parts, and the entries of the lists that it read.
-- migrate:up

SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';

ALTER TABLE operations ADD COLUMN uses text [] NOT NULL DEFAULT '{fields}';
ALTER TABLE operations ADD COLUMN part_count integer NOT NULL DEFAULT 1;
-- Which document it reads; NULL in operations of before. Answers are good for the same document only.
ALTER TABLE operations ADD COLUMN document_id uuid;

CREATE TABLE entries (
    org_id uuid NOT NULL,
    operation_id uuid NOT NULL,
    ordinal integer NOT NULL,
    -- An AnalysisUse of the schema in lower case, and a kind of its list.
    use text NOT NULL,
    kind text NOT NULL,
    status smallint NOT NULL,
    -- The reader's own words and judgement.
    text text NOT NULL,
    grade text NOT NULL,
    fallback text NOT NULL,
    evidence jsonb NOT NULL,
    attributes jsonb NOT NULL,
    method smallint NOT NULL,
    model text NOT NULL,
    prompt_version text NOT NULL,
    confidence numeric NOT NULL,
    reason text NOT NULL,
    reason_text text NOT NULL,
    PRIMARY KEY (org_id, operation_id, ordinal),
    FOREIGN KEY (org_id, operation_id) REFERENCES operations (org_id, id)
);

-- squawk-ignore require-concurrent-index-creation -- nothing was released yet: the table is small
CREATE INDEX operations_of_contract ON operations (org_id, contract_id, created_at DESC, id DESC);

-- What an analysis read is never changed; those that come later stand beside it.
CREATE TRIGGER immutable BEFORE UPDATE ON entries FOR EACH ROW EXECUTE FUNCTION refuse_change();

ALTER TABLE entries ENABLE ROW LEVEL SECURITY;
ALTER TABLE entries FORCE ROW LEVEL SECURITY;

CREATE POLICY tenant ON entries USING (org_id = current_org()) WITH CHECK (org_id = current_org());

-- migrate:down
-- Forward only: what was wrong is mended by a new migration.
