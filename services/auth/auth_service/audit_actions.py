"""Every action that this service writes into audit chains, and what it tells; a test keeps it true."""

ACTIONS = {
    "api_key.created": "An API key was made, for this owner and with these scopes.",
    "api_key.deleted": "An API key was revoked.",
    "api_key.listed": "Somebody looked at the API keys.",
    "api_key.read": "Somebody looked at an API key.",
    "api_key.refused": "Somebody came with an API key that is not good, and why it is not.",
    "api_key.used": "A token was given for an API key; at most once a minute.",
    "audit.exported": "The chain was exported, from this place on.",
    "key.made": "A signing key was made, in the installation's own chain.",
    "organization.registered": "An organization began, with its first owner.",
    "role.created": "A custom role was made, with these permissions.",
    "role.deleted": "A custom role was removed.",
    "role.updated": "A custom role's name or permissions were changed.",
    "service_account.created": "A service account was made, with these roles.",
    "service_account.deleted": "A service account was removed, and its secret with it.",
    "service_account.refused": "Somebody gave a wrong secret for a service account.",
    "session.began": "Somebody signed in.",
    "session.ended": "Somebody signed out, or ended one of the sessions by hand.",
    "session.refresh_refused": "A refresh token came for a session that is over, or of a disabled user.",
    # A sign-in with an e-mail that nobody has is in the installation's own chain.
    "session.refused": "A sign-in failed: a wrong password, a disabled user, an unknown e-mail.",
    "session.reused": "A refresh token came for the second time: a copy, so its session was ended.",
    "token.exchanged": "A service took a token in somebody's name, for work done later.",
    "user.created": "A user was made, with these roles.",
    "user.unlocked": "Somebody let a user try passwords again.",
    "user.updated": "A user's name, roles or access were changed.",
}
