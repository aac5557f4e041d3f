"""What clients speak to: one module per protocol."""
