"""What Claude is asked, one versioned prompt a file. A change of words is a change of version."""
