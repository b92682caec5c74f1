"""What looks for contradictions, one module for each way in which a document can contradict itself."""
