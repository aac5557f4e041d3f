"""What the model remembers, how big it is, and how it is made smaller."""
