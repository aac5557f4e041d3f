"""Threads and turns: the loop that samples a model, runs tools and asks. Knows no JSON-RPC and no file layout."""
