-- Roles that are for some resources only, and the departments that users belong to.
-- migrate:up

SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';

-- As service_runtime/conditions/model.py writes them; NULL for a role without any.
ALTER TABLE custom_roles ADD COLUMN conditions jsonb;

-- Names, each once, in their order.
ALTER TABLE users ADD COLUMN departments text [] NOT NULL DEFAULT '{}' CHECK (cardinality(departments) <= 10);

-- From here on only what these roles grant without conditions; a program that knows no conditions then grants less.
CREATE OR REPLACE FUNCTION custom_permissions(organization uuid, roles uuid []) RETURNS smallint []
LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE WHEN roles = '{}' THEN '{}'::smallint [] ELSE array(
    SELECT DISTINCT permission FROM custom_roles, unnest(permissions) AS permission
    WHERE org_id = organization AND id = ANY (roles) AND conditions IS NULL ORDER BY permission
) END;

-- What these roles grant under conditions: an array of {permissions, conditions}, or NULL.
CREATE FUNCTION conditional_permissions(organization uuid, roles uuid []) RETURNS jsonb
LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE WHEN roles = '{}' THEN NULL ELSE (
    SELECT jsonb_agg(jsonb_build_object('permissions', permissions, 'conditions', conditions) ORDER BY id)
    FROM custom_roles WHERE org_id = organization AND id = ANY (roles) AND conditions IS NOT NULL
) END;

-- migrate:down
-- Forward only: what was wrong is mended by a new migration.
