"""How many tokens a text has at the most, and at the least: only Claude knows exactly."""

# English contracts have about 4.4 bytes to a token; text that is dense in figures and names about 3.3. UTF-8
# bytes count letters of other scripts three times, as tokenizers do.
_FEWEST_BYTES, _MOST_BYTES = 3, 5


def most_tokens(text: str) -> int:
    """Never fewer than the text has."""
    return -(-len(text.encode()) // _FEWEST_BYTES)


def fewest_tokens(text: str) -> int:
    """About as few as the text can have."""
    return len(text.encode()) // _MOST_BYTES


def bytes_within(tokens: int) -> int:
    """The UTF-8 bytes that have no more than so many tokens."""
    return tokens * _FEWEST_BYTES
