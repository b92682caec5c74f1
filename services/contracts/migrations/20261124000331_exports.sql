-- Exports: contracts on their way out, as one ZIP in object storage.
-- migrate:up

SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';

CREATE TABLE exports (
    org_id uuid NOT NULL,
    -- Of the export and of its operation.
    id uuid NOT NULL,
    -- An ExportState of the schema.
    state smallint NOT NULL,
    -- For whom the work is done; what it may read is asked for when the work begins.
    subject text NOT NULL,
    traceparent text NOT NULL,
    filter text NOT NULL,
    attempts integer NOT NULL DEFAULT 0,
    contract_count integer NOT NULL DEFAULT 0,
    written_count integer NOT NULL DEFAULT 0,
    -- Of the ZIP, once it is written.
    object_key text NOT NULL DEFAULT '',
    file_count integer NOT NULL DEFAULT 0,
    problem_count integer NOT NULL DEFAULT 0,
    size_bytes bigint NOT NULL DEFAULT 0,
    sha256 bytea,
    -- A google.rpc.Status.
    error bytea,
    created_at timestamptz NOT NULL DEFAULT now(),
    ended_at timestamptz,
    PRIMARY KEY (org_id, id)
);

CREATE INDEX exports_newest ON exports (org_id, created_at DESC, id DESC);

ALTER TABLE exports ENABLE ROW LEVEL SECURITY;
ALTER TABLE exports FORCE ROW LEVEL SECURITY;

CREATE POLICY tenant ON exports USING (org_id = current_org()) WITH CHECK (org_id = current_org());

-- migrate:down
-- Forward only: what was wrong is mended by a new migration.
