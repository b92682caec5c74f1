"""Groups of people, and the roles that they bring."""
