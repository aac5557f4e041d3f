"""Threads on disk: append-only rollouts are the truth, the SQLite index can be rebuilt from them."""
