"""What tests of a running daemon share: its client, its home, checks of its messages."""
