"""Tools that a client brings along, and how the model finds them."""
