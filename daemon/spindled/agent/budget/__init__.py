"""What a turn and a thread may use."""
