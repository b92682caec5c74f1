"""Every action that this service writes into audit chains, and what it tells; a test keeps it true."""

ACTIONS = {
    "audit.exported": "The chain was exported, from this place on.",
    "organization.registered": "An organization began, with its first owner.",
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
