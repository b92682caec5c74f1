-- Single sign-on: connections to providers, their domains, sign-ins under way, and who is who there.
-- migrate:up

SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';

-- The one domain that the transaction speaks of; NULL where none is named, which matches no row.
CREATE FUNCTION current_sso_domain() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
RETURN nullif(current_setting('app.sso_domain', true), '');

CREATE TABLE sso_connections (
    org_id uuid NOT NULL REFERENCES organizations (org_id),
    id uuid NOT NULL,
    display_name text NOT NULL,
    issuer text NOT NULL,
    client_id text NOT NULL,
    -- The client secret; opens with JWT_SECRET only, and for this issuer only.
    wrapped bytea NOT NULL,
    -- Of people who come for the first time. Never 1, the owner.
    roles smallint [] NOT NULL CHECK (cardinality(roles) BETWEEN 1 AND 5 AND NOT 1 = ANY (roles)),
    required boolean NOT NULL DEFAULT false,
    -- Counts changes; its text is the etag.
    version bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (org_id, id)
);

-- What an organization says is its own. Any number of organizations may say so of one domain.
CREATE TABLE sso_domains (
    org_id uuid NOT NULL,
    domain text NOT NULL,
    connection_id uuid NOT NULL,
    -- What its TXT record must say. No secret: it is published.
    txt_value text NOT NULL,
    verified_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (org_id, domain),
    FOREIGN KEY (org_id, connection_id) REFERENCES sso_connections (org_id, id) ON DELETE CASCADE
);

CREATE INDEX sso_domains_of_connection ON sso_domains (org_id, connection_id);

-- Whose a domain is: one organization's in the whole installation. A sign-in knows a domain and no organization yet,
-- so, like accounts, this stands outside of the tenants, and a transaction sees the one domain that it names.
CREATE TABLE sso_verified_domains (
    domain text PRIMARY KEY,
    org_id uuid NOT NULL,
    FOREIGN KEY (org_id, domain) REFERENCES sso_domains (org_id, domain) ON DELETE CASCADE
);

-- A sign-in on its way through a provider.
CREATE TABLE sso_flows (
    org_id uuid NOT NULL,
    id uuid NOT NULL,
    connection_id uuid NOT NULL,
    -- SHA-256 of 256 random bits each: of the state, and of what the browser keeps.
    hash bytea NOT NULL,
    browser_hash bytea NOT NULL,
    -- The verifier of PKCE and the nonce; opens with JWT_SECRET only.
    wrapped bytea NOT NULL,
    return_path text NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, connection_id) REFERENCES sso_connections (org_id, id) ON DELETE CASCADE
);

CREATE INDEX sso_flows_by_end ON sso_flows (org_id, expires_at);
CREATE INDEX sso_flows_of_connection ON sso_flows (org_id, connection_id);

-- Who a provider's person is here. An e-mail changes hands; issuer and subject never do.
CREATE TABLE sso_subjects (
    org_id uuid NOT NULL,
    issuer text NOT NULL,
    subject text NOT NULL,
    user_id uuid NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (org_id, issuer, subject),
    -- Nobody else of the provider becomes the same user.
    UNIQUE (org_id, issuer, user_id),
    FOREIGN KEY (org_id, user_id) REFERENCES users (org_id, id)
);

CREATE INDEX sso_subjects_of_user ON sso_subjects (org_id, user_id);

ALTER TABLE sso_connections ENABLE ROW LEVEL SECURITY;
ALTER TABLE sso_connections FORCE ROW LEVEL SECURITY;
ALTER TABLE sso_domains ENABLE ROW LEVEL SECURITY;
ALTER TABLE sso_domains FORCE ROW LEVEL SECURITY;
ALTER TABLE sso_verified_domains ENABLE ROW LEVEL SECURITY;
ALTER TABLE sso_verified_domains FORCE ROW LEVEL SECURITY;
ALTER TABLE sso_flows ENABLE ROW LEVEL SECURITY;
ALTER TABLE sso_flows FORCE ROW LEVEL SECURITY;
ALTER TABLE sso_subjects ENABLE ROW LEVEL SECURITY;
ALTER TABLE sso_subjects FORCE ROW LEVEL SECURITY;

CREATE POLICY tenant ON sso_connections USING (org_id = current_org()) WITH CHECK (org_id = current_org());
CREATE POLICY tenant ON sso_domains USING (org_id = current_org()) WITH CHECK (org_id = current_org());
CREATE POLICY tenant ON sso_flows USING (org_id = current_org()) WITH CHECK (org_id = current_org());
CREATE POLICY tenant ON sso_subjects USING (org_id = current_org()) WITH CHECK (org_id = current_org());
CREATE POLICY named_reads ON sso_verified_domains FOR SELECT USING (domain = current_sso_domain());
-- Only from within the organization whose it is; it goes with its row in sso_domains.
CREATE POLICY named_adds ON sso_verified_domains FOR INSERT
WITH CHECK (domain = current_sso_domain() AND org_id = current_org());

-- migrate:down
-- Forward only: what was wrong is mended by a new migration.
