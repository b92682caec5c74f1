"""Documents: files in object storage, their text by page in PostgreSQL."""
