"""SCIM 2.0 (RFC 7643, 7644) at the edge: identity providers speak it, the auth service decides."""
