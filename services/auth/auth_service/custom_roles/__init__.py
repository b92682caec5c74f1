"""Custom roles: sets of permissions that an organization makes for itself."""
