"""`bloom-audit`: exports the audit chain of an organization, and checks an export with the file alone."""
