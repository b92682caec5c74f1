-- API keys of users and service accounts; roles that an organization makes for itself.
-- migrate:up

SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';

CREATE TABLE custom_roles (
    org_id uuid NOT NULL REFERENCES organizations (org_id),
    id uuid NOT NULL,
    display_name text NOT NULL,
    -- Numbers of bloom.options.v1.Permission, ascending.
    permissions smallint [] NOT NULL CHECK (cardinality(permissions) BETWEEN 1 AND 100),
    -- Counts changes; its text is the etag.
    version bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (org_id, id)
);

CREATE INDEX custom_roles_newest ON custom_roles (org_id, created_at DESC, id DESC);

-- Ids of custom_roles, ascending. Who grants a role and who deletes one both hold the organization, so an id
-- here always has its row.
ALTER TABLE users ADD COLUMN custom_roles uuid [] NOT NULL DEFAULT '{}';
ALTER TABLE service_accounts ADD COLUMN custom_roles uuid [] NOT NULL DEFAULT '{}';

-- What these roles grant together, ascending. Row-level security holds inside: roles of others grant nothing.
CREATE FUNCTION custom_permissions(organization uuid, roles uuid []) RETURNS smallint []
LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE WHEN roles = '{}' THEN '{}'::smallint [] ELSE array(
    SELECT DISTINCT permission FROM custom_roles, unnest(permissions) AS permission
    WHERE org_id = organization AND id = ANY (roles) ORDER BY permission
) END;

CREATE TABLE api_keys (
    org_id uuid NOT NULL REFERENCES organizations (org_id),
    id uuid NOT NULL,
    -- Whose key it is: one of the two.
    user_id uuid,
    service_account_id uuid,
    display_name text NOT NULL,
    -- Numbers of bloom.options.v1.Permission, ascending.
    scopes smallint [] NOT NULL CHECK (cardinality(scopes) BETWEEN 1 AND 100),
    -- SHA-256 is enough: the secret has 256 random bits, so nobody can try them all.
    secret_hash bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    -- To the minute: a write for each use would cost more than the use.
    last_used_at timestamptz,
    PRIMARY KEY (org_id, id),
    CHECK (num_nonnulls(user_id, service_account_id) = 1),
    FOREIGN KEY (org_id, user_id) REFERENCES users (org_id, id),
    FOREIGN KEY (org_id, service_account_id) REFERENCES service_accounts (org_id, id)
);

CREATE INDEX api_keys_newest ON api_keys (org_id, created_at DESC, id DESC);
CREATE INDEX api_keys_of_account ON api_keys (org_id, service_account_id) WHERE service_account_id IS NOT NULL;

ALTER TABLE custom_roles ENABLE ROW LEVEL SECURITY;
ALTER TABLE custom_roles FORCE ROW LEVEL SECURITY;
ALTER TABLE api_keys ENABLE ROW LEVEL SECURITY;
ALTER TABLE api_keys FORCE ROW LEVEL SECURITY;

CREATE POLICY tenant ON custom_roles USING (org_id = current_org()) WITH CHECK (org_id = current_org());
CREATE POLICY tenant ON api_keys USING (org_id = current_org()) WITH CHECK (org_id = current_org());

-- migrate:down
-- Forward only: what was wrong is mended by a new migration.
