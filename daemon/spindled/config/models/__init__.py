"""Models, what they cost, and the providers that have them."""
