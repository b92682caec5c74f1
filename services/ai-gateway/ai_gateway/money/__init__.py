"""What is used and what it costs, in tokens and millionths of a dollar."""
