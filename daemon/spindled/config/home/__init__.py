"""The home directory: its files, and edits of them."""
