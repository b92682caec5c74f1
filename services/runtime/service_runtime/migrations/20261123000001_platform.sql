-- What every service's database has: idempotency, outbox, audit. Applied before the service's own.
-- migrate:up

SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';

-- The organization of the transaction; NULL where none is set, which matches no row.
CREATE FUNCTION current_org() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
RETURN nullif(current_setting('app.org_id', true), '')::uuid;

CREATE TABLE idempotency (
    org_id uuid NOT NULL,
    subject text NOT NULL,
    request_id text NOT NULL,
    content bytea NOT NULL,
    answer bytea,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (org_id, subject, request_id)
);

CREATE TABLE outbox (
    id uuid PRIMARY KEY DEFAULT uuidv7(),
    org_id uuid NOT NULL,
    topic text NOT NULL,
    payload jsonb NOT NULL
);

CREATE TABLE audit_heads (
    org_id uuid PRIMARY KEY,
    seq bigint NOT NULL,
    hash bytea NOT NULL
);

CREATE TABLE audit_events (
    org_id uuid NOT NULL,
    seq bigint NOT NULL,
    at timestamptz NOT NULL,
    -- The canonical JSON that was hashed, as text: jsonb would not give the same bytes back.
    event text NOT NULL,
    hash bytea NOT NULL,
    PRIMARY KEY (org_id, seq)
);

ALTER TABLE idempotency ENABLE ROW LEVEL SECURITY;
ALTER TABLE idempotency FORCE ROW LEVEL SECURITY;
ALTER TABLE outbox ENABLE ROW LEVEL SECURITY;
ALTER TABLE outbox FORCE ROW LEVEL SECURITY;
ALTER TABLE audit_heads ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_heads FORCE ROW LEVEL SECURITY;
ALTER TABLE audit_events ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_events FORCE ROW LEVEL SECURITY;

CREATE POLICY tenant ON idempotency USING (org_id = current_org()) WITH CHECK (org_id = current_org());
CREATE POLICY tenant ON outbox
USING (org_id = current_org() OR current_setting('app.relay', true) = 'on')
WITH CHECK (org_id = current_org());
CREATE POLICY tenant ON audit_heads USING (org_id = current_org()) WITH CHECK (org_id = current_org());
-- Events are read and added, never changed: there is no policy for UPDATE or DELETE.
CREATE POLICY tenant_reads ON audit_events FOR SELECT USING (org_id = current_org());
CREATE POLICY tenant_adds ON audit_events FOR INSERT WITH CHECK (org_id = current_org());

-- migrate:down
-- Forward only: what was wrong is mended by a new migration.
