"""Rollouts: append-only files of rows, the truth about a thread."""
