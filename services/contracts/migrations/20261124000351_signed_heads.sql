-- Signed heads of the audit chains.
-- migrate:up

SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';

-- Where a chain stood, in the service's own word. The public key is kept beside it, so that it verifies when the
-- key has long been retired and its row is gone.
CREATE TABLE audit_signed_heads (
    org_id uuid NOT NULL,
    seq bigint NOT NULL,
    hash bytea NOT NULL,
    -- A compact JWS.
    signature text NOT NULL,
    -- A JSON Web Key, public parts only.
    key jsonb NOT NULL,
    signed_at timestamptz NOT NULL,
    PRIMARY KEY (org_id, seq)
);

ALTER TABLE audit_signed_heads ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_signed_heads FORCE ROW LEVEL SECURITY;

-- Heads are read and added, never changed: there is no policy for UPDATE or DELETE.
CREATE POLICY tenant_reads ON audit_signed_heads FOR SELECT USING (org_id = current_org());
CREATE POLICY tenant_adds ON audit_signed_heads FOR INSERT WITH CHECK (org_id = current_org());
-- Whoever signs looks for chains that grew, of whatever organization; it signs each as its organization.
CREATE POLICY sweep_reads ON audit_signed_heads FOR SELECT
USING (current_setting('app.sweep', true) = 'on');
CREATE POLICY sweep_reads ON audit_heads FOR SELECT USING (current_setting('app.sweep', true) = 'on');

-- migrate:down
-- Forward only: what was wrong is mended by a new migration.
