"""Users and groups as an identity provider manages them."""
