"""How much may be asked at once: of an organization, of Claude, and of this process."""
