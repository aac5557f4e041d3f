"""Command rules of the user."""
