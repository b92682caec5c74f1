"""A small OpenID Connect provider and a DNS responder: what tests and `make run` sign in with."""
