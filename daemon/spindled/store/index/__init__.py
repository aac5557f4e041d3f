"""The SQLite index of threads: for lists and searches, never the only copy of anything."""
