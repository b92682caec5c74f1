"""Mail: written with what it is about, sent after the commit."""
