"""Where threads stand in the user's library."""
