"""What follows a turn by itself."""
