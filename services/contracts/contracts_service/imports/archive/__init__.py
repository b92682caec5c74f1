"""ZIP archives as untrusted input: their list judged first, then one file at a time, by its place."""
