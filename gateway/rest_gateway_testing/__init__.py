"""What the tests of the edge stand on; not part of what ships."""
