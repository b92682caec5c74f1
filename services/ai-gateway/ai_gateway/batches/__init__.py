"""Bulk work by way of the Message Batches API: at half price, durable, each item answered once."""
