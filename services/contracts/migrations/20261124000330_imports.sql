-- Imports: many files at once, each with its result, worked on in lanes.
-- migrate:up

SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';

CREATE TABLE imports (
    org_id uuid NOT NULL,
    -- Of the import and of its operation.
    id uuid NOT NULL,
    -- An ImportState of the schema.
    state smallint NOT NULL,
    -- For whom the work is done; its permissions are asked for again at each file.
    subject text NOT NULL,
    traceparent text NOT NULL,
    -- The archive's name, or the folder.
    source text NOT NULL,
    -- The archive in object storage; empty for a folder, whose files have keys of their own.
    archive_key text NOT NULL,
    department text NOT NULL,
    tags text [] NOT NULL,
    office smallint NOT NULL,
    -- An ImportAnalysis of the schema.
    analysis smallint NOT NULL,
    file_count integer NOT NULL,
    -- Files that have ended, by how.
    imported integer NOT NULL DEFAULT 0,
    duplicate integer NOT NULL DEFAULT 0,
    failed integer NOT NULL DEFAULT 0,
    skipped integer NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    ended_at timestamptz,
    PRIMARY KEY (org_id, id),
    -- Each file ends once.
    CHECK (imported + duplicate + failed + skipped <= file_count)
);

CREATE INDEX imports_newest ON imports (org_id, created_at DESC, id DESC);

CREATE TABLE import_files (
    org_id uuid NOT NULL,
    import_id uuid NOT NULL,
    -- In the source's order, from 1.
    number integer NOT NULL,
    path text NOT NULL,
    -- As the source says.
    size_bytes bigint NOT NULL,
    -- An ImportFileState of the schema.
    state smallint NOT NULL,
    reason text NOT NULL DEFAULT '',
    message text NOT NULL DEFAULT '',
    contract_id uuid,
    operation_id uuid,
    sha256 bytea,
    -- Where its bytes are: an object of its own, or a place in the archive.
    object_key text NOT NULL DEFAULT '',
    header_offset bigint NOT NULL DEFAULT 0,
    packed_bytes bigint NOT NULL DEFAULT 0,
    method smallint NOT NULL DEFAULT 0,
    checksum bigint NOT NULL DEFAULT 0,
    attempts integer NOT NULL DEFAULT 0,
    PRIMARY KEY (org_id, import_id, number),
    FOREIGN KEY (org_id, import_id) REFERENCES imports (org_id, id)
);

CREATE INDEX import_files_states ON import_files (org_id, import_id, state, number);

-- A lane takes one file after the other; an import has a few, so that many imports share the workers evenly.
CREATE TABLE import_lanes (
    org_id uuid NOT NULL,
    import_id uuid NOT NULL,
    lane integer NOT NULL,
    -- Counts files: a job of an earlier turn is void.
    turn integer NOT NULL DEFAULT 1,
    -- What it works on; still there when a worker died, so that the next one goes on with it.
    file_number integer,
    PRIMARY KEY (org_id, import_id, lane),
    FOREIGN KEY (org_id, import_id) REFERENCES imports (org_id, id)
);

ALTER TABLE imports ENABLE ROW LEVEL SECURITY;
ALTER TABLE imports FORCE ROW LEVEL SECURITY;
ALTER TABLE import_files ENABLE ROW LEVEL SECURITY;
ALTER TABLE import_files FORCE ROW LEVEL SECURITY;
ALTER TABLE import_lanes ENABLE ROW LEVEL SECURITY;
ALTER TABLE import_lanes FORCE ROW LEVEL SECURITY;

CREATE POLICY tenant ON imports USING (org_id = current_org()) WITH CHECK (org_id = current_org());
CREATE POLICY tenant ON import_files USING (org_id = current_org()) WITH CHECK (org_id = current_org());
CREATE POLICY tenant ON import_lanes USING (org_id = current_org()) WITH CHECK (org_id = current_org());

-- migrate:down
-- Forward only: what was wrong is mended by a new migration.
