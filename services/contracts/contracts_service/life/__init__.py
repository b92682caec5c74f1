"""The life of a contract: which moves there are, and who may make them."""
