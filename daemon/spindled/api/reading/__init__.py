"""Threads as they are listed, read, paged and searched."""
