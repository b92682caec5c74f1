"""Questions about one contract, answered sentence by sentence, each proven before it is sent."""
