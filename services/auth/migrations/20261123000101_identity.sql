-- Organizations with their users, service accounts and sessions; accounts by e-mail; signing keys.
-- migrate:up

SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';

-- The one account that the transaction speaks of; NULL where none is named, which matches no row.
CREATE FUNCTION current_account_email() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
RETURN nullif(current_setting('app.account_email', true), '');

CREATE TABLE organizations (
    org_id uuid PRIMARY KEY,
    display_name text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

-- A sign-in knows an e-mail and no organization yet, so accounts stand outside of the tenants: an e-mail has one
-- account in the whole installation. Row-level security still shows a transaction only the account whose e-mail
-- it names, so no query, however wrong, reads the password hashes of others; and since the account leads to its
-- organization, and refresh tokens and client secrets carry theirs, no policy of a tenant table has an exception.
CREATE TABLE accounts (
    id uuid PRIMARY KEY,
    -- In lower case.
    email text NOT NULL UNIQUE CHECK (email <> ''),
    -- argon2id in its own encoding, with its parameters.
    password_hash text NOT NULL,
    -- The organization that a sign-in opens.
    org_id uuid NOT NULL REFERENCES organizations (org_id),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);

-- The account's membership of one organization. The e-mail never changes, and is kept here as well so that a
-- directory is read without touching accounts.
CREATE TABLE users (
    org_id uuid NOT NULL REFERENCES organizations (org_id),
    id uuid NOT NULL REFERENCES accounts (id),
    email text NOT NULL,
    display_name text NOT NULL DEFAULT '',
    -- Numbers of bloom.options.v1.Role, ascending.
    roles smallint [] NOT NULL CHECK (cardinality(roles) BETWEEN 1 AND 6),
    disabled boolean NOT NULL DEFAULT false,
    -- Counts changes; its text is the etag.
    version bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (org_id, id)
);

CREATE INDEX users_newest ON users (org_id, created_at DESC, id DESC);

CREATE TABLE service_accounts (
    org_id uuid NOT NULL REFERENCES organizations (org_id),
    id uuid NOT NULL,
    display_name text NOT NULL,
    -- Never 1, the owner: a program does not own an organization.
    roles smallint [] NOT NULL CHECK (cardinality(roles) BETWEEN 1 AND 6 AND NOT 1 = ANY (roles)),
    -- SHA-256 is enough: the secret has 256 random bits, so nobody can try them all.
    secret_hash bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (org_id, id)
);

CREATE INDEX service_accounts_newest ON service_accounts (org_id, created_at DESC, id DESC);

-- One sign-in with all refresh tokens that come from it (a family).
CREATE TABLE sessions (
    org_id uuid NOT NULL,
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    -- Absolute: rotation does not move it.
    expires_at timestamptz NOT NULL,
    ended_at timestamptz,
    end_reason text NOT NULL DEFAULT '',
    -- The generation of the one refresh token that is good; the first is 1.
    generation bigint NOT NULL DEFAULT 1,
    -- How the newest token came from the one before it, so that a lost answer can be given again.
    rotated_at timestamptz,
    rotation_nonce bytea,
    rotation_client bytea,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, user_id) REFERENCES users (org_id, id)
);

CREATE INDEX sessions_open ON sessions (org_id, user_id) WHERE ended_at IS NULL;
CREATE INDEX sessions_by_end ON sessions (org_id, expires_at);

-- Every refresh token that a session ever had: one that is not the newest shows that somebody copied it.
CREATE TABLE refresh_tokens (
    org_id uuid NOT NULL,
    session_id uuid NOT NULL,
    hash bytea NOT NULL,
    generation bigint NOT NULL,
    PRIMARY KEY (org_id, session_id, hash),
    UNIQUE (org_id, session_id, generation),
    FOREIGN KEY (org_id, session_id) REFERENCES sessions (org_id, id) ON DELETE CASCADE
);

-- The installation's, not a tenant's. `public` is a JSON Web Key; `wrapped` opens with JWT_SECRET only.
CREATE TABLE signing_keys (
    kid text PRIMARY KEY,
    public jsonb NOT NULL,
    wrapped bytea NOT NULL,
    active boolean NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    -- NULL while it signs; later the time when its last token has expired.
    expires_at timestamptz
);

CREATE UNIQUE INDEX signing_keys_active ON signing_keys (active) WHERE active;

ALTER TABLE organizations ENABLE ROW LEVEL SECURITY;
ALTER TABLE organizations FORCE ROW LEVEL SECURITY;
ALTER TABLE accounts ENABLE ROW LEVEL SECURITY;
ALTER TABLE accounts FORCE ROW LEVEL SECURITY;
ALTER TABLE users ENABLE ROW LEVEL SECURITY;
ALTER TABLE users FORCE ROW LEVEL SECURITY;
ALTER TABLE service_accounts ENABLE ROW LEVEL SECURITY;
ALTER TABLE service_accounts FORCE ROW LEVEL SECURITY;
ALTER TABLE sessions ENABLE ROW LEVEL SECURITY;
ALTER TABLE sessions FORCE ROW LEVEL SECURITY;
ALTER TABLE refresh_tokens ENABLE ROW LEVEL SECURITY;
ALTER TABLE refresh_tokens FORCE ROW LEVEL SECURITY;

CREATE POLICY tenant ON organizations USING (org_id = current_org()) WITH CHECK (org_id = current_org());
CREATE POLICY tenant ON users USING (org_id = current_org()) WITH CHECK (org_id = current_org());
CREATE POLICY tenant ON service_accounts USING (org_id = current_org()) WITH CHECK (org_id = current_org());
CREATE POLICY tenant ON sessions USING (org_id = current_org()) WITH CHECK (org_id = current_org());
CREATE POLICY tenant ON refresh_tokens USING (org_id = current_org()) WITH CHECK (org_id = current_org());
CREATE POLICY named_reads ON accounts FOR SELECT USING (email = current_account_email());
-- Made and changed only from within the organization that it opens.
CREATE POLICY named_adds ON accounts FOR INSERT
WITH CHECK (email = current_account_email() AND org_id = current_org());
CREATE POLICY named_changes ON accounts FOR UPDATE
USING (email = current_account_email() AND org_id = current_org())
WITH CHECK (email = current_account_email() AND org_id = current_org());

-- migrate:down
-- Forward only: what was wrong is mended by a new migration.
