-- Mail on its way, links that work once, confirmed e-mails, invitations, and accounts in several organizations.
-- migrate:up

SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';

-- Written with what it is about, gone when it was sent or its link is too old.
CREATE TABLE mail_queue (
    org_id uuid NOT NULL,
    id uuid NOT NULL,
    -- Recipient, subject and words; they hold a link that works, so they open with JWT_SECRET only.
    sealed bytea NOT NULL,
    attempts integer NOT NULL DEFAULT 0,
    -- While somebody sends it, the moment from which another may try.
    due_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (org_id, id)
);

CREATE INDEX mail_queue_due ON mail_queue (due_at);

-- No foreign key: a request for an unknown e-mail does the same work, with a row that nobody's link opens.
CREATE TABLE links (
    org_id uuid NOT NULL,
    id uuid NOT NULL,
    account_id uuid NOT NULL,
    purpose smallint NOT NULL,
    -- SHA-256 is enough: the secret has 256 random bits.
    hash bytea NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (org_id, id)
);

CREATE INDEX links_of_account ON links (org_id, account_id, purpose);
CREATE INDEX links_by_end ON links (org_id, expires_at);

CREATE TABLE invitations (
    org_id uuid NOT NULL REFERENCES organizations (org_id),
    id uuid NOT NULL,
    -- In lower case.
    email text NOT NULL,
    roles smallint [] NOT NULL CHECK (cardinality(roles) BETWEEN 1 AND 6),
    custom_roles uuid [] NOT NULL DEFAULT '{}',
    -- `users/{uuid}` or `serviceAccounts/{uuid}`.
    invited_by text NOT NULL,
    hash bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (org_id, id),
    UNIQUE (org_id, email)
);

CREATE INDEX invitations_newest ON invitations (org_id, created_at DESC, id DESC);

-- When somebody followed a link that was sent there.
ALTER TABLE accounts ADD COLUMN verified_at timestamptz;

-- Which organizations an account belongs to, found by its e-mail as the account is: rows of users are seen from
-- within their organizations only.
CREATE TABLE memberships (
    org_id uuid NOT NULL,
    account_id uuid NOT NULL,
    email text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (org_id, account_id)
);

CREATE INDEX memberships_of ON memberships (email);

-- Whoever migrates sees no tenant's rows either.
ALTER TABLE users NO FORCE ROW LEVEL SECURITY;
INSERT INTO memberships (org_id, account_id, email, created_at)
SELECT org_id, id, email, created_at FROM users;
ALTER TABLE users FORCE ROW LEVEL SECURITY;

-- Written with the user, by whatever makes one.
CREATE FUNCTION join_organization() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO memberships (org_id, account_id, email) VALUES (NEW.org_id, NEW.id, NEW.email);
    RETURN NEW;
END $$;

CREATE TRIGGER join_organization AFTER INSERT ON users FOR EACH ROW EXECUTE FUNCTION join_organization();

ALTER TABLE mail_queue ENABLE ROW LEVEL SECURITY;
ALTER TABLE mail_queue FORCE ROW LEVEL SECURITY;
ALTER TABLE links ENABLE ROW LEVEL SECURITY;
ALTER TABLE links FORCE ROW LEVEL SECURITY;
ALTER TABLE invitations ENABLE ROW LEVEL SECURITY;
ALTER TABLE invitations FORCE ROW LEVEL SECURITY;
ALTER TABLE memberships ENABLE ROW LEVEL SECURITY;
ALTER TABLE memberships FORCE ROW LEVEL SECURITY;

-- The relay sends for all organizations.
CREATE POLICY tenant ON mail_queue
USING (org_id = current_org() OR current_setting('app.relay', true) = 'on')
WITH CHECK (org_id = current_org() OR current_setting('app.relay', true) = 'on');
CREATE POLICY tenant ON links USING (org_id = current_org()) WITH CHECK (org_id = current_org());
CREATE POLICY tenant ON invitations USING (org_id = current_org()) WITH CHECK (org_id = current_org());
CREATE POLICY named_reads ON memberships FOR SELECT USING (email = current_account_email());
CREATE POLICY tenant_adds ON memberships FOR INSERT WITH CHECK (org_id = current_org());

-- migrate:down
-- Forward only: what was wrong is mended by a new migration.
