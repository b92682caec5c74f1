"""The mails that local work sends to nobody, at a page."""
