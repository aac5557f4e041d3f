"""What a model can do: one module per tool, each with its specification and its run."""
