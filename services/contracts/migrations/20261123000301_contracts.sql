-- Documents with their text by page, the contract record, analyses and what they read.
-- migrate:up

SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';

CREATE TABLE documents (
    org_id uuid NOT NULL,
    id uuid NOT NULL,
    -- Of the file's bytes: the same file is kept once in an organization.
    sha256 bytea NOT NULL,
    filename text NOT NULL,
    media_type text NOT NULL,
    size_bytes bigint NOT NULL,
    object_key text NOT NULL,
    page_count integer NOT NULL,
    word_count integer NOT NULL,
    text_state smallint NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (org_id, id),
    UNIQUE (org_id, sha256)
);

CREATE TABLE document_pages (
    org_id uuid NOT NULL,
    document_id uuid NOT NULL,
    page integer NOT NULL,
    -- Code points of the stored text, which is the pages joined.
    char_start integer NOT NULL,
    char_end integer NOT NULL,
    text text NOT NULL,
    words tsvector NOT NULL GENERATED ALWAYS AS (to_tsvector('english', text)) STORED,
    PRIMARY KEY (org_id, document_id, page),
    FOREIGN KEY (org_id, document_id) REFERENCES documents (org_id, id)
);

-- GIN cannot lead with org_id without an extension; row-level security filters what it finds.
CREATE INDEX document_pages_words ON document_pages USING gin (words);

CREATE TABLE contracts (
    org_id uuid NOT NULL,
    id uuid NOT NULL,
    document_id uuid NOT NULL,
    label text NOT NULL,
    reference_no text NOT NULL DEFAULT '',
    office smallint NOT NULL DEFAULT 0,
    agreement_type smallint NOT NULL DEFAULT 0,
    state smallint NOT NULL,
    tags text [] NOT NULL DEFAULT '{}',
    -- Counts changes; its text is the etag.
    version bigint NOT NULL DEFAULT 1,
    creator text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz,
    analysis_state smallint NOT NULL DEFAULT 1,
    -- The running or latest operation, and the one whose values are shown.
    analysis_operation uuid,
    published_operation uuid,
    -- Counts, model and cost of the published analysis, written with its values.
    analysis jsonb NOT NULL DEFAULT '{}',
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, document_id) REFERENCES documents (org_id, id)
);

CREATE INDEX contracts_newest ON contracts (org_id, created_at DESC, id DESC) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX contracts_document ON contracts (org_id, document_id) WHERE deleted_at IS NULL;

CREATE TABLE operations (
    org_id uuid NOT NULL,
    id uuid NOT NULL,
    contract_id uuid NOT NULL,
    -- An AnalysisState of the schema.
    state smallint NOT NULL,
    -- For whom the work is done; its permissions are asked for again when the work begins.
    subject text NOT NULL,
    -- The caller's trace context, so that one trace holds the whole journey.
    traceparent text NOT NULL DEFAULT '',
    attempts integer NOT NULL DEFAULT 0,
    last_fault text NOT NULL DEFAULT '',
    -- A google.rpc.Status when it failed or was cancelled.
    error bytea,
    created_at timestamptz NOT NULL DEFAULT now(),
    ended_at timestamptz,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, contract_id) REFERENCES contracts (org_id, id)
);

CREATE INDEX operations_newest ON operations (org_id, created_at DESC, id DESC);
-- One analysis of a contract at a time.
CREATE UNIQUE INDEX operations_running ON operations (org_id, contract_id) WHERE ended_at IS NULL;

-- One answer of Claude: what is here was paid for and is not asked again when the work begins anew.
CREATE TABLE operation_groups (
    org_id uuid NOT NULL,
    operation_id uuid NOT NULL,
    field_group text NOT NULL,
    answer text NOT NULL,
    model text NOT NULL,
    simulated boolean NOT NULL,
    cached boolean NOT NULL,
    cost_micro_usd bigint NOT NULL,
    prompt_version text NOT NULL,
    PRIMARY KEY (org_id, operation_id, field_group),
    FOREIGN KEY (org_id, operation_id) REFERENCES operations (org_id, id)
);

CREATE TABLE extracted_values (
    org_id uuid NOT NULL,
    operation_id uuid NOT NULL,
    ordinal integer NOT NULL,
    field_group text NOT NULL,
    field text NOT NULL,
    status smallint NOT NULL,
    value text NOT NULL,
    unit text NOT NULL,
    raw_text text NOT NULL,
    evidence jsonb NOT NULL,
    method smallint NOT NULL,
    model text NOT NULL,
    prompt_version text NOT NULL,
    confidence numeric NOT NULL,
    reason text NOT NULL,
    reason_text text NOT NULL,
    PRIMARY KEY (org_id, operation_id, ordinal),
    FOREIGN KEY (org_id, operation_id) REFERENCES operations (org_id, id)
);

ALTER TABLE documents ENABLE ROW LEVEL SECURITY;
ALTER TABLE documents FORCE ROW LEVEL SECURITY;
ALTER TABLE document_pages ENABLE ROW LEVEL SECURITY;
ALTER TABLE document_pages FORCE ROW LEVEL SECURITY;
ALTER TABLE contracts ENABLE ROW LEVEL SECURITY;
ALTER TABLE contracts FORCE ROW LEVEL SECURITY;
ALTER TABLE operations ENABLE ROW LEVEL SECURITY;
ALTER TABLE operations FORCE ROW LEVEL SECURITY;
ALTER TABLE operation_groups ENABLE ROW LEVEL SECURITY;
ALTER TABLE operation_groups FORCE ROW LEVEL SECURITY;
ALTER TABLE extracted_values ENABLE ROW LEVEL SECURITY;
ALTER TABLE extracted_values FORCE ROW LEVEL SECURITY;

CREATE POLICY tenant ON documents USING (org_id = current_org()) WITH CHECK (org_id = current_org());
CREATE POLICY tenant ON document_pages USING (org_id = current_org()) WITH CHECK (org_id = current_org());
CREATE POLICY tenant ON contracts USING (org_id = current_org()) WITH CHECK (org_id = current_org());
CREATE POLICY tenant ON operations USING (org_id = current_org()) WITH CHECK (org_id = current_org());
CREATE POLICY tenant ON operation_groups USING (org_id = current_org()) WITH CHECK (org_id = current_org());
CREATE POLICY tenant ON extracted_values USING (org_id = current_org()) WITH CHECK (org_id = current_org());

-- migrate:down
-- Forward only: what was wrong is mended by a new migration.
