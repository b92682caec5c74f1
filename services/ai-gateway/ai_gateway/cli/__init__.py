"""`bloom-ai`: the AI gateway from a terminal."""
