"""The wire to Claude: where it leads, what it says, and the ways in which it fails."""
