-- What an identity provider knows of users, and the groups that it fills.
-- migrate:up

SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';

-- What groups bring to a user, beside what he has himself: written whenever a membership or a group's roles change.
-- Numbers and ids, each once, ascending. Never 1: no group makes an owner.
ALTER TABLE users ADD COLUMN group_roles smallint [] NOT NULL DEFAULT '{}' CHECK (NOT 1 = ANY (group_roles));
ALTER TABLE users ADD COLUMN group_custom_roles uuid [] NOT NULL DEFAULT '{}';

-- Each once, ascending: the form in which roles are kept.
CREATE FUNCTION merged(one anyarray, other anyarray) RETURNS anyarray LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN other = '{}' THEN one ELSE array(
        SELECT DISTINCT item FROM unnest(one || other) AS item ORDER BY item
    ) END
$$;

-- A user has a row here as soon as an identity provider has written to it.
CREATE TABLE provisioned_users (
    org_id uuid NOT NULL,
    user_id uuid NOT NULL,
    external_id text NOT NULL DEFAULT '',
    given_name text NOT NULL DEFAULT '',
    family_name text NOT NULL DEFAULT '',
    -- The identity provider deleted it; while it is disabled too, provisioning does not show it.
    withdrawn boolean NOT NULL DEFAULT false,
    PRIMARY KEY (org_id, user_id),
    FOREIGN KEY (org_id, user_id) REFERENCES users (org_id, id)
);

CREATE INDEX provisioned_users_external ON provisioned_users (org_id, external_id);

CREATE TABLE groups (
    org_id uuid NOT NULL REFERENCES organizations (org_id),
    id uuid NOT NULL,
    display_name text NOT NULL,
    external_id text NOT NULL DEFAULT '',
    -- As with users; who grants a role and who deletes one both hold the organization.
    roles smallint [] NOT NULL DEFAULT '{}' CHECK (NOT 1 = ANY (roles)),
    custom_roles uuid [] NOT NULL DEFAULT '{}',
    -- Counts changes; its text is the etag.
    version bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (org_id, id)
);

CREATE INDEX groups_oldest ON groups (org_id, created_at, id);

CREATE TABLE group_members (
    org_id uuid NOT NULL,
    group_id uuid NOT NULL,
    user_id uuid NOT NULL,
    PRIMARY KEY (org_id, group_id, user_id),
    FOREIGN KEY (org_id, group_id) REFERENCES groups (org_id, id) ON DELETE CASCADE,
    FOREIGN KEY (org_id, user_id) REFERENCES users (org_id, id)
);

CREATE INDEX group_members_of_user ON group_members (org_id, user_id);

ALTER TABLE provisioned_users ENABLE ROW LEVEL SECURITY;
ALTER TABLE provisioned_users FORCE ROW LEVEL SECURITY;
ALTER TABLE groups ENABLE ROW LEVEL SECURITY;
ALTER TABLE groups FORCE ROW LEVEL SECURITY;
ALTER TABLE group_members ENABLE ROW LEVEL SECURITY;
ALTER TABLE group_members FORCE ROW LEVEL SECURITY;

CREATE POLICY tenant ON provisioned_users USING (org_id = current_org()) WITH CHECK (org_id = current_org());
CREATE POLICY tenant ON groups USING (org_id = current_org()) WITH CHECK (org_id = current_org());
CREATE POLICY tenant ON group_members USING (org_id = current_org()) WITH CHECK (org_id = current_org());

-- migrate:down
-- Forward only: what was wrong is mended by a new migration.
