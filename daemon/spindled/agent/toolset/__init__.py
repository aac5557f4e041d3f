"""The tools of one thread."""
