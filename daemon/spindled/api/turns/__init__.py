"""What starts, feeds and stops turns, and what runs beside them."""
