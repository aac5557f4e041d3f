"""A review of changes: a conversation of its own within a turn of the thread that asked for it."""
