"""People of an organization, made and taken away by its identity provider."""
