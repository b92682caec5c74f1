"""The Message Batches API: many questions at once, answered later, in memory alone."""
