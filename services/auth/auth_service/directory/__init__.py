"""The people of an organization, and what may be done to them."""
