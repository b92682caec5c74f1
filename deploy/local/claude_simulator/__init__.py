"""A stand-in for Claude that speaks the Messages API on the wire, for laptops and tests."""
