"""From uploaded bytes to stored text with pages and offsets, read in a confined process."""
