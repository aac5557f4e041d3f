"""Commands of the model and of the user."""
