"""Model providers: a request out, a stream of typed model events in, every failure a ModelError."""
