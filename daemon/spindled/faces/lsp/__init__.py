"""The language server: a client that knows nothing of agents is served through the standard, others speak the wire."""
