"""What a server answers that has no vendor's cloud behind it."""
