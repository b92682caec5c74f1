"""The hosted pages, and web sessions: a browser holds a cookie, and never a token."""
