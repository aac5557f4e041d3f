"""One turn: how it runs, what waits for it, what its calls do, how it ends."""
