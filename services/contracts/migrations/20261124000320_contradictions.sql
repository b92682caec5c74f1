-- Where a contract contradicts itself, and what people say of it.
-- migrate:up

SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';

CREATE TABLE contradictions (
    org_id uuid NOT NULL,
    contract_id uuid NOT NULL,
    -- Made of its kind and the words of its passages: other words are another contradiction.
    key text NOT NULL,
    -- Its place among those of the contract.
    ordinal integer NOT NULL,
    -- A ContradictionKind and a ContradictionSeverity of the schema.
    kind smallint NOT NULL,
    severity smallint NOT NULL,
    sentence text NOT NULL,
    computation text NOT NULL,
    -- Evidence with the value that it states.
    passages jsonb NOT NULL,
    -- The contract that one of the passages is of, where it is another one: who may not see it sees neither.
    other_id uuid,
    found_at timestamptz NOT NULL DEFAULT now(),
    -- The latest search did not find it any more.
    gone boolean NOT NULL DEFAULT false,
    dismissed boolean NOT NULL DEFAULT false,
    reviewer text NOT NULL DEFAULT '',
    reviewed_at timestamptz,
    review_reason text NOT NULL DEFAULT '',
    -- Counts changes of this row; its text is the etag.
    version integer NOT NULL DEFAULT 1,
    PRIMARY KEY (org_id, contract_id, key),
    FOREIGN KEY (org_id, contract_id) REFERENCES contracts (org_id, id)
);

CREATE INDEX contradictions_in_order ON contradictions (org_id, contract_id DESC, ordinal, key);

-- What a person said of one. Never changed.
CREATE TABLE contradiction_reviews (
    org_id uuid NOT NULL,
    contract_id uuid NOT NULL,
    key text NOT NULL,
    number integer NOT NULL,
    dismissed boolean NOT NULL,
    reviewer text NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    reason text NOT NULL,
    PRIMARY KEY (org_id, contract_id, key, number),
    FOREIGN KEY (org_id, contract_id, key) REFERENCES contradictions (org_id, contract_id, key)
);

-- What was searched last: documents, analysis, and the version of the search.
CREATE TABLE contradiction_searches (
    org_id uuid NOT NULL,
    contract_id uuid NOT NULL,
    basis text NOT NULL,
    complete boolean NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (org_id, contract_id),
    FOREIGN KEY (org_id, contract_id) REFERENCES contracts (org_id, id)
);

CREATE TRIGGER immutable BEFORE UPDATE ON contradiction_reviews FOR EACH ROW EXECUTE FUNCTION refuse_change();

ALTER TABLE contradictions ENABLE ROW LEVEL SECURITY;
ALTER TABLE contradictions FORCE ROW LEVEL SECURITY;
ALTER TABLE contradiction_reviews ENABLE ROW LEVEL SECURITY;
ALTER TABLE contradiction_reviews FORCE ROW LEVEL SECURITY;
ALTER TABLE contradiction_searches ENABLE ROW LEVEL SECURITY;
ALTER TABLE contradiction_searches FORCE ROW LEVEL SECURITY;

CREATE POLICY tenant ON contradictions USING (org_id = current_org()) WITH CHECK (org_id = current_org());
CREATE POLICY tenant ON contradiction_reviews USING (org_id = current_org()) WITH CHECK (org_id = current_org());
CREATE POLICY tenant ON contradiction_searches USING (org_id = current_org()) WITH CHECK (org_id = current_org());

-- migrate:down
-- Forward only: what was wrong is mended by a new migration.
