"""Signing keys: made once, kept wrapped, published without their private parts."""
