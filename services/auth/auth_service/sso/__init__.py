"""Single sign-on by OpenID Connect: connections of organizations, and signing in through them."""
