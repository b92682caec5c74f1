"""Answers kept for equal questions of the same organization."""
