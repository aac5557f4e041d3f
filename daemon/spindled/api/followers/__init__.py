"""Who hears what of a thread, and who is asked."""
