"""What Claude need not know: withheld before a request leaves, put back into the answer."""
