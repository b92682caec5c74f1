-- Second factors, recovery codes, and challenges that ask for one; how and when a session showed who it is.
-- migrate:up

SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';

-- RFC 8176; until now there were passwords only.
ALTER TABLE sessions ADD COLUMN amr text [] NOT NULL DEFAULT '{pwd}';
-- NULL for those that were begun before this column was: then it was at their beginning.
ALTER TABLE sessions ADD COLUMN authenticated_at timestamptz;

CREATE TABLE factors (
    org_id uuid NOT NULL,
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    -- A number of bloom.auth.v1.FactorKind: TOTP or a passkey.
    kind smallint NOT NULL CHECK (kind IN (1, 2)),
    display_name text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    -- NULL until a first code has shown that the app has the secret.
    confirmed_at timestamptz,
    last_used_at timestamptz,
    -- TOTP: opens with JWT_SECRET only.
    wrapped bytea CHECK ((wrapped IS NOT NULL) = (kind = 1)),
    -- TOTP: the newest step whose code was taken. No code of it or of an older one is taken again.
    last_step bigint NOT NULL DEFAULT 0,
    credential_id bytea CHECK ((credential_id IS NOT NULL) = (kind = 2)),
    -- Passkeys: in COSE form.
    public_key bytea CHECK ((public_key IS NOT NULL) = (kind = 2)),
    -- Passkeys: as the authenticator counts; it never falls, or somebody has a copy.
    sign_count bigint NOT NULL DEFAULT 0,
    -- Passkeys: it may leave its device.
    synced boolean NOT NULL DEFAULT false,
    PRIMARY KEY (org_id, id),
    UNIQUE (org_id, credential_id),
    FOREIGN KEY (org_id, user_id) REFERENCES users (org_id, id)
);

CREATE INDEX factors_of_user ON factors (org_id, user_id);

CREATE TABLE recovery_codes (
    org_id uuid NOT NULL,
    user_id uuid NOT NULL,
    -- SHA-256 is enough: a code has 80 random bits.
    hash bytea NOT NULL,
    used_at timestamptz,
    PRIMARY KEY (org_id, user_id, hash),
    FOREIGN KEY (org_id, user_id) REFERENCES users (org_id, id)
);

-- Those of sign-ins where nobody is known yet belong to the installation, whose id is zero.
CREATE TABLE challenges (
    org_id uuid NOT NULL,
    id uuid NOT NULL,
    -- SHA-256 of 256 random bits.
    hash bytea NOT NULL,
    -- What the answer leads to; a challenge is good for nothing else.
    purpose smallint NOT NULL,
    user_id uuid,
    -- As it was when the challenge was given: whoever has lost access since cannot answer it.
    epoch bigint NOT NULL DEFAULT 0,
    -- What was shown before (RFC 8176).
    amr text [] NOT NULL DEFAULT '{}',
    tries integer NOT NULL DEFAULT 0,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (org_id, id)
);

CREATE INDEX challenges_by_end ON challenges (org_id, expires_at);

ALTER TABLE factors ENABLE ROW LEVEL SECURITY;
ALTER TABLE factors FORCE ROW LEVEL SECURITY;
ALTER TABLE recovery_codes ENABLE ROW LEVEL SECURITY;
ALTER TABLE recovery_codes FORCE ROW LEVEL SECURITY;
ALTER TABLE challenges ENABLE ROW LEVEL SECURITY;
ALTER TABLE challenges FORCE ROW LEVEL SECURITY;

CREATE POLICY tenant ON factors USING (org_id = current_org()) WITH CHECK (org_id = current_org());
CREATE POLICY tenant ON recovery_codes USING (org_id = current_org()) WITH CHECK (org_id = current_org());
CREATE POLICY tenant ON challenges USING (org_id = current_org()) WITH CHECK (org_id = current_org());

-- migrate:down
-- Forward only: what was wrong is mended by a new migration.
