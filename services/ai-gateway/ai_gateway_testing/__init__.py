"""What the tests of the gateway stand on; not part of what ships."""
